"""What classifier, calibration and operating point need, asked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.api import Part
from leukokit.engine.images.plan import Item
from leukokit.errors import DataError
from leukokit.evaluation.operating_point import negative_classes
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe


def refuse_impossible(recipe: Recipe, items: Sequence[Item], folds: Sequence[Fold]) -> None:
    """Find before anything runs what classifier, calibration and operating point cannot do.

    Raises
    ------
    DataError
        Where all images are of one class, ``calibrate`` has no validation part to learn from, or
        ``operating_point`` an unknown class.
    """
    if recipe.classify is None:
        return
    labels = {item.sample.label for item in items if item.sample.label is not None}
    if len(labels) == 1:
        raise DataError(one_class(labels.pop()), hint=MORE_CLASSES)
    if recipe.model.calibrate is not None:
        for fold in folds:
            if Part.VALIDATION not in fold.parts.values():
                raise needs_validation(fold.name)
    if labels:
        negative_classes(sorted(labels), recipe.model.operating_point.negative)


MORE_CLASSES = "Add images of another class"


def one_class(label: str) -> str:
    """Say that there is only one class."""
    return f"all images are of one class, {label!r}, and a classifier tells classes apart"


def needs_validation(split: str = "") -> DataError:
    """Say that there is nothing to calibrate on, and what to do."""
    return DataError(
        "'calibrate' learns from the validation part, and there is none",
        where=f"split {split}" if split else "calibrate",
        hint="Give the split a validation part (split.validation: 0.2, or another named split), "
        "or remove 'calibrate'",
    )
