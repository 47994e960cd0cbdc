"""Answers for groups of images (patients, slides): how to combine is chosen on validation, then applied."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leukokit.api import FloatArray, Part, Sample
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.pipeline.answer import GroupedRows, choose_answer
from leukokit.engine.traits import groups_of
from leukokit.evaluation.splits import Fold


def answered(fitted: FittedFold, groups: Mapping[str, str]) -> FittedFold:
    """Choose on validation how the images of a group become its answer, where the recipe asks for one.

    Parameters
    ----------
    groups : mapping of sample id to str
        Group of each image that has one.
    """
    model = fitted.best.recipe.model
    if model.answer is None:
        return fitted
    validation = grouped_rows(fitted, Part.VALIDATION, groups)
    answer = choose_answer(model, fitted.classes, validation)
    return replace(fitted, pipeline=replace(fitted.pipeline, answer=answer))


def grouped_rows(fitted: FittedFold, part: Part, groups: Mapping[str, str]) -> GroupedRows | None:
    """Take the predicted images of a part that have a group; None where there are none."""
    if part not in fitted.probabilities:
        return None
    examples = fitted.best.examples[part]
    rows = [row for row, name in enumerate(examples.ids) if name in groups]
    if not rows:
        return None
    names = np.array([groups[examples.ids[row]] for row in rows], dtype=np.str_)
    return GroupedRows(names, examples.labels[rows], fitted.probabilities[part][rows])


def pooled_validation(fitted: Mapping[str, FittedFold], groups: Mapping[str, str]) -> GroupedRows | None:
    """Put the validation parts of all folds together; a group has one answer in each fold.

    None where no fold has any, or their models know different classes.
    """
    if len({fold.classes for fold in fitted.values()}) != 1:
        return None
    found = [
        (name, rows)
        for name, fold in fitted.items()
        if (rows := grouped_rows(fold, Part.VALIDATION, groups)) is not None
    ]
    if not found:
        return None
    names = [f"{fold} {group}" for fold, rows in found for group in rows.names.tolist()]
    return GroupedRows(
        np.array(names, dtype=np.str_),
        np.concatenate([rows.true for _, rows in found]),
        np.concatenate([rows.proba for _, rows in found]),
    )


@dataclass(frozen=True)
class AnsweredGroup:
    """One group of one part of one fold.

    Attributes
    ----------
    name, fold, true : str
    images : int
        Images that the answer was made of; 0 where all were rejected.
    rejected : int
        Images of the group that could not be used.
    way : str
        How they were combined.
    proba : float64 array (k,) or None
        Of the classes that the fold's model knows; None where no image is left.
    """

    name: str
    fold: str
    true: str
    images: int
    rejected: int
    way: str
    proba: FloatArray | None


def answers(
    folds: Sequence[tuple[Fold, FittedFold]], samples: Mapping[str, Sample], part: Part
) -> Iterator[AnsweredGroup]:
    """Answer every group of a part, fold by fold, groups by name.

    Parameters
    ----------
    folds : sequence of pairs of Fold and FittedFold
        Each with an answer that was chosen.
    samples : mapping of sample id to Sample
    """
    groups = groups_of(samples.values())
    for fold, fitted in folds:
        answer = fitted.pipeline.answer
        if answer is None:
            continue
        asked: dict[str, list[str]] = defaultdict(list)
        for name in fold.ids(part):
            if name in groups:
                asked[groups[name]].append(name)
        rows = grouped_rows(fitted, part, groups)
        combined: dict[str, FloatArray] = {}
        used: Counter[str] = Counter()
        if rows is not None:
            proba = answer.combine(rows.proba, rows.groups, fitted.classes)
            combined = dict(zip(rows.group_names.tolist(), proba, strict=True))
            used = Counter(rows.names.tolist())
        for group in sorted(asked):
            yield AnsweredGroup(
                name=group,
                fold=fold.name,
                true=samples[asked[group][0]].label or "",
                images=used[group],
                rejected=len(asked[group]) - used[group],
                way=answer.way,
                proba=combined.get(group),
            )
