"""Answers for groups of images (patients, slides): how to combine is chosen on validation, then applied."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Part, Sample
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.engine.cache.store import Store
from leukokit.engine.models.attention_stage import trained_attention
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.answer import choose_answer
from leukokit.engine.pipeline.grouped_rows import Attended, LabeledRows, attended
from leukokit.engine.traits import groups_of
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.splits import Fold


def answered(
    fitted: FittedFold, groups: Mapping[str, str], *, store: Store | None, observer: Observer
) -> FittedFold:
    """Choose on validation how the images of a group become its answer, where the recipe asks for one.

    Parameters
    ----------
    groups : mapping of sample id to str
        Group of each image that has one.
    store : Store or None
        Keeps what ``attention`` learns.
    """
    model = fitted.best.recipe.model
    if model.answer is None:
        return fitted
    attention = trained_attention(fitted, groups, store=store, observer=observer)
    validation = grouped_rows(fitted, Part.VALIDATION, groups, attention)
    answer = choose_answer(model, fitted.classes, validation, attention)
    return replace(fitted, pipeline=replace(fitted.pipeline, answer=answer))


def grouped_rows(
    fitted: FittedFold, part: Part, groups: Mapping[str, str], attention: Sequence[AttentionPooling]
) -> LabeledRows | None:
    """Take the predicted images of a part that have a group; None where there are none.

    Parameters
    ----------
    attention : sequence of AttentionPooling
        One that looks at them, or none.
    """
    if part not in fitted.probabilities:
        return None
    examples = fitted.best.examples[part]
    rows = [row for row, name in enumerate(examples.ids) if name in groups]
    if not rows:
        return None
    names = np.array([groups[examples.ids[row]] for row in rows], dtype=np.str_)
    looked = None
    if attention:
        represented = fitted.pipeline.represented(examples)[rows]
        looked = attended(attention[0], represented, Groups.of(names, len(names)))
    return LabeledRows(names, fitted.probabilities[part][rows], looked, examples.labels[rows])


def pooled_validation(fitted: Mapping[str, FittedFold], groups: Mapping[str, str]) -> LabeledRows | None:
    """Put the validation parts of all folds together; a group has one answer in each fold.

    None where no fold has any, or their models know different classes.
    """
    if len({fold.classes for fold in fitted.values()}) != 1:
        return None
    found = [
        (name, rows)
        for name, fold in fitted.items()
        if (rows := grouped_rows(fold, Part.VALIDATION, groups, attention_of(fold))) is not None
    ]
    if not found:
        return None
    names = np.array([f"{fold} {group}" for fold, rows in found for group in rows.names], dtype=np.str_)
    return LabeledRows(
        names,
        np.concatenate([rows.proba for _, rows in found]),
        _joined(found, names),
        np.concatenate([rows.true for _, rows in found]),
    )


def _joined(found: Sequence[tuple[str, LabeledRows]], names: NDArray[np.str_]) -> Attended | None:
    """Put together what the attention of each fold says; groups by their new names."""
    looked = [rows.attended for _, rows in found if rows.attended is not None]
    if len(looked) < len(found):
        return None
    of_group = [f"{fold} {group}" for fold, rows in found for group in rows.group_names]
    place = {name: number for number, name in enumerate(of_group)}
    proba = np.concatenate([each.proba for each in looked])
    weights = np.concatenate([each.weights for each in looked])
    return Attended(proba[[place[name] for name in np.unique(names).tolist()]], weights)


def attention_of(fitted: FittedFold) -> tuple[AttentionPooling, ...]:
    """Give what was trained with the answer of a fold; empty where nothing was."""
    answer = fitted.pipeline.answer
    return () if answer is None else answer.attention


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
    attention : mapping of sample id to float
        Weight of each image, the largest first; empty where the way is not ``attention``.
    proba : float64 array (k,) or None
        Of the classes that the fold's model knows; None where no image is left.
    """

    name: str
    fold: str
    true: str
    images: int
    rejected: int
    way: str
    attention: Mapping[str, float]
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
        rows = grouped_rows(fitted, part, groups, answer.attention if answer.attends else ())
        combined: dict[str, FloatArray] = {}
        weights: dict[str, dict[str, float]] = defaultdict(dict)
        used: Counter[str] = Counter()
        if rows is not None:
            proba = answer.combine(rows, fitted.classes)
            if rows.attended is not None:
                weights = _weights(fitted.best.examples[part].ids, groups, rows.attended)
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
                attention=weights[group],
                proba=combined.get(group),
            )


def _weights(ids: Sequence[str], groups: Mapping[str, str], looked: Attended) -> dict[str, dict[str, float]]:
    """Give the attention of the images of each group, the largest first; of equals in file order."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    grouped = [name for name in ids if name in groups]
    for row in np.argsort(-looked.weights, kind="stable").tolist():
        found[groups[grouped[row]]][grouped[row]] = float(looked.weights[row])
    return found
