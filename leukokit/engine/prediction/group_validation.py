"""External validation by patient: the answers of a fitted model for groups of labeled images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leukokit.api import FloatArray
from leukokit.engine.models.group_results import answer_scores, chosen_way
from leukokit.engine.models.pooled_predictions import PooledPredictions
from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.grouped_rows import LabeledRows
from leukokit.evaluation.intervals import Groups
from leukokit.number_text import counted
from leukokit.recipe.models import RecipeModel
from leukokit.record.groups import GroupScores


def group_validation(
    rows: PooledPredictions,
    represented: Sequence[FloatArray],
    answer: FittedAnswer,
    groups: Mapping[str, str],
    model: RecipeModel,
    *,
    seed: int,
) -> GroupScores | None:
    """Score the answers for the groups of labeled images; None where no image has a group.

    Groups with images of several classes have no true answer: they are left out, and a note counts them.

    Parameters
    ----------
    rows : PooledPredictions
        The images, all of one fold.
    represented : sequence of float64 array (n, d)
        What each pipeline's model sees of them, where the answer is that of attention; else empty.
    groups : mapping of sample id to str
        Group of each image that has one.
    """
    classes: dict[str, set[str]] = {}
    for name, true in zip(rows.ids, rows.true, strict=True):
        if name in groups:
            classes.setdefault(groups[name], set()).add(true)
    mixed = sorted(group for group, found in classes.items() if len(found) > 1)
    chosen = [row for row, name in enumerate(rows.ids) if name in groups and groups[name] not in mixed]
    if not chosen:
        return None
    of_image = np.array([groups[rows.ids[row]] for row in chosen], dtype=np.str_)
    looked = None
    if answer.attends:
        looked = answer.attend([each[chosen] for each in represented], Groups.of(of_image, len(of_image)))
    classes_of_images = np.array([rows.true[row] for row in chosen], dtype=np.str_)
    images = LabeledRows(of_image, rows.proba[chosen], looked, classes_of_images)
    names = images.group_names.tolist()
    fold = rows.folds[0]
    proba = answer.combine(images, rows.classes)
    answered = PooledPredictions(
        names, [fold] * len(names), images.group_classes.tolist(), names, proba, proba, rows.classes
    )
    notes = []
    if mixed:
        notes.append(
            f"{counted(len(mixed), 'group')} with images of several classes, such as {mixed[0]}: not scored"
        )
    return GroupScores(
        kind=None,
        chosen_by=None,
        ways={fold: chosen_way(answer)},
        test=answer_scores(answered, None, {fold: answer.decisions}, model, seed=seed),
        notes=tuple(notes),
    )
