"""What classifier, calibration and operating point need, asked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from leukokit.api import Part
from leukokit.engine.images.plan import Item
from leukokit.errors import DataError
from leukokit.evaluation.operating_point import negative_classes
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe

_NO_LETTER = re.compile(r"[\s_-]+")
"""What people write between words, and do not take for a part of a name."""


def refuse_impossible(recipe: Recipe, items: Sequence[Item], folds: Sequence[Fold]) -> None:
    """Find before anything runs what classifier, calibration and operating point cannot do.

    Raises
    ------
    DataError
        Where all images are of one class, a class is written in two ways, ``calibrate`` has no validation
        part to learn from, or
        ``operating_point`` an unknown class.
    """
    if recipe.classify is None:
        return
    labels = {item.sample.label for item in items if item.sample.label is not None}
    if (problem := class_problem(labels)) is not None:
        raise problem
    if recipe.model.calibrate is not None:
        for fold in folds:
            if Part.VALIDATION not in fold.parts.values():
                raise needs_validation(fold.name)
    if labels:
        negative_classes(sorted(labels), recipe.model.operating_point.negative)


def class_problem(labels: Collection[str]) -> DataError | None:
    """Find what is wrong with the names of the classes: only one, or one that is written in two ways."""
    if len(labels) == 1:
        return DataError(
            f"all images are of one class, {next(iter(labels))!r}, and a classifier tells classes apart",
            hint="Add images of another class",
        )
    written: dict[str, str] = {}
    for label in sorted(labels):
        seen = written.setdefault(_NO_LETTER.sub(" ", label.casefold().strip()), label)
        if seen != label:
            return DataError(
                f"classes {seen!r} and {label!r} are one class written in two ways",
                hint="Give its images one name: in the table, or as the name of the folder",
            )
    return None


def needs_validation(split: str = "") -> DataError:
    """Say that there is nothing to calibrate on, and what to do."""
    return DataError(
        "'calibrate' learns from the validation part, and there is none",
        where=f"split {split}" if split else "calibrate",
        hint="Give the split a validation part (split.validation: 0.2, or another named split), "
        "or remove 'calibrate'",
    )
