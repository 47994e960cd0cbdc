"""Scores and rows of the answers for groups of images (patients, slides), folds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import FloatArray, GroupKind, Part, Sample
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.group_stage import AnsweredGroup, answers
from leukokit.engine.models.pooled_predictions import PooledPredictions
from leukokit.engine.models.score_records import part_scores
from leukokit.engine.models.statistics import part_statistics
from leukokit.engine.pipeline.answer import NO_IMAGE, FittedAnswer
from leukokit.engine.pipeline.decisions import Decisions
from leukokit.engine.traits import groups_of
from leukokit.evaluation.divided_groups import divided_groups
from leukokit.evaluation.metrics import scores
from leukokit.evaluation.splits import Fold
from leukokit.number_text import counted
from leukokit.recipe.models import RecipeModel
from leukokit.record.groups import ChosenWay, GroupScores, LearnedAttention
from leukokit.record.scores import PartScores

FILE = "predictions_by_group.csv"
ATTENTION_FILE = "attention.csv"

_Folds = Sequence[tuple[Fold, FittedFold]]
_PARTS = (Part.VALIDATION, Part.TEST)


@dataclass(frozen=True)
class GroupResults:
    """Answers for groups, scored and laid out.

    Attributes
    ----------
    scores : GroupScores
    table : DataFrame
        Content of ``predictions_by_group.csv``: validation, then test.
    attention : DataFrame or None
        Content of ``attention.csv``; None where no fold answers with attention.
    """

    scores: GroupScores
    table: pd.DataFrame
    attention: pd.DataFrame | None


def group_scores(
    folds: _Folds, samples: Mapping[str, Sample], kind: GroupKind | None, *, seed: int
) -> GroupResults | None:
    """Score the answers of groups and lay them out; None where the recipe asks for none.

    Every score counts groups: its interval is that of so many patients, whatever the number of their images.
    """
    fitted = {fold.name: each for fold, each in folds}
    model = next(iter(fitted.values())).best.recipe.model
    if model.answer is None:
        return None
    classes = tuple(sorted({name for each in fitted.values() for name in each.classes}))
    found = {part: list(answers(folds, samples, part)) for part in _PARTS}
    pooled = {part: _pooled(found[part], fitted, classes) for part in _PARTS}
    scored = {
        part: _scored(part, pooled, fitted, model, seed=seed) for part in _PARTS if pooled[part] is not None
    }
    record = GroupScores(
        kind=None if kind is None else kind.value,
        chosen_by=model.answer.choose_by if len(model.answer.ways) > 1 else None,
        ways={name: _way(each) for name, each in fitted.items()},
        validation=scored.get(Part.VALIDATION),
        test=scored.get(Part.TEST),
        notes=tuple(_notes(folds, samples, found, kind)),
    )
    several = len(folds) > 1
    tables = [_table(found[part], part, fitted, classes, several=several) for part in _PARTS]
    return GroupResults(record, pd.concat(tables, ignore_index=True), _attention(found, several=several))


def chosen_way(answer: FittedAnswer) -> ChosenWay:
    """Write down how images are combined."""
    learned = [LearnedAttention(groups=each.groups, epochs=each.epochs) for each in answer.attention]
    return ChosenWay(
        way=answer.way, tried=dict(answer.tried), attention=learned[0] if len(learned) == 1 else None
    )


def _way(fitted: FittedFold) -> ChosenWay:
    answer = fitted.pipeline.answer
    assert answer is not None
    return chosen_way(answer)


def _pooled(
    found: Sequence[AnsweredGroup], fitted: Mapping[str, FittedFold], classes: tuple[str, ...]
) -> PooledPredictions | None:
    """Lay the answers out as the rows of images are: one row a group, which is its own cluster."""
    answered = [group for group in found if group.proba is not None]
    if not answered:
        return None
    names = [group.name for group in answered]
    proba = np.vstack([_spread(group, fitted[group.fold].classes, classes) for group in answered])
    folds, true = [group.fold for group in answered], [group.true for group in answered]
    return PooledPredictions(names, folds, true, names, proba, proba, classes)


def _spread(group: AnsweredGroup, known: tuple[str, ...], classes: tuple[str, ...]) -> FloatArray:
    row = np.zeros(len(classes))
    if group.proba is not None:
        row[[classes.index(name) for name in known]] = group.proba
    return row


def _scored(
    part: Part,
    pooled: Mapping[Part, PooledPredictions | None],
    fitted: Mapping[str, FittedFold],
    model: RecipeModel,
    *,
    seed: int,
) -> PartScores:
    rows = pooled[part]
    assert rows is not None
    answers_of = {name: each.pipeline.answer for name, each in fitted.items()}
    decisions = {name: answer.decisions for name, answer in answers_of.items() if answer is not None}
    return answer_scores(rows, pooled[Part.VALIDATION], decisions, model, seed=seed)


def answer_scores(
    rows: PooledPredictions,
    validation: PooledPredictions | None,
    decisions: Mapping[str, Decisions],
    model: RecipeModel,
    *,
    seed: int,
) -> PartScores:
    """Score answers as images are scored; ``rows`` are groups. Takes what ``part_statistics`` takes."""
    # The probabilities of images are calibrated before they are combined; those of groups are not corrected.
    plain = model.model_copy(update={"calibrate": None})
    statistics = part_statistics(rows, validation, decisions, plain, seed=seed)
    return part_scores(
        scores(rows.true, rows.proba, rows.classes, groups=rows.groups),
        calibration=statistics.calibration,
        operating_point=statistics.operating_point,
        coverage=statistics.coverage,
    )


def _table(
    found: Sequence[AnsweredGroup],
    part: Part,
    fitted: Mapping[str, FittedFold],
    classes: tuple[str, ...],
    *,
    several: bool,
) -> pd.DataFrame:
    proba = np.array([_spread(group, fitted[group.fold].classes, classes) for group in found])
    proba = proba.reshape(len(found), len(classes))
    there = np.array([group.proba is not None for group in found], dtype=bool)
    proba[~there] = np.nan
    predicted = [
        classes[int(np.argmax(row))] if known else "" for row, known in zip(proba, there, strict=True)
    ]
    columns: dict[str, object] = {
        "group": [group.name for group in found],
        "part": [part.value] * len(found),
        "true": [group.true for group in found],
        "predicted": predicted,
        **{f"p_{name}": proba[:, number] for number, name in enumerate(classes)},
        "images": [group.images for group in found],
        "rejected": [group.rejected for group in found],
        "how": [group.way for group in found],
        "status": ["ok" if known else NO_IMAGE for known in there],
    }
    if several:
        columns["fold"] = [group.fold for group in found]
    return pd.DataFrame(columns)


def _attention(found: Mapping[Part, Sequence[AnsweredGroup]], *, several: bool) -> pd.DataFrame | None:
    rows = [
        (group.name, part.value, name, weight, group.fold)
        for part in _PARTS
        for group in found[part]
        for name, weight in group.attention.items()
    ]
    if not rows:
        return None
    table = pd.DataFrame(rows, columns=["group", "part", "id", "attention", "fold"])
    return table if several else table.drop(columns="fold")


def _notes(
    folds: _Folds,
    samples: Mapping[str, Sample],
    found: Mapping[Part, Sequence[AnsweredGroup]],
    kind: GroupKind | None,
) -> Iterator[str]:
    """Say what a reader should know: groups without image or in several parts, and others."""
    word = "group" if kind is None else kind.value
    for part, groups in found.items():
        lost = [group.name for group in groups if group.proba is None]
        if lost:
            yield (
                f"{counted(len(lost), f'{part.value} {word}')} without any image that could be used, such as "
                f"{lost[0]}: no answer, and not scored"
            )
    grouped = groups_of(samples.values())
    divided = list(divided_groups([fold for fold, _ in folds], grouped).parts)
    if divided:
        yield (
            f"the split puts images of {counted(len(divided), word)} into several parts, such as those of "
            f"{divided[0]}: an answer uses only the "
            "images of its part, and the model has learned from others of the same "
            f"{word}. Keep them together: split: {{method: kfold, by: group}}"
        )
    alone = {name for fold, _ in folds for name, part in fold.parts.items() if part in _PARTS} - set(grouped)
    if alone:
        yield f"{counted(len(alone), 'image')} without a {word} take no part in these answers"
