"""The answer for a group of images (a patient, a slide): how it is combined, and what is decided from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from leukokit.api import FloatArray
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.engine.pipeline.decisions import (
    Decisions,
    FittedOperatingPoint,
    FittedReferral,
    decide,
    known_negative,
)
from leukokit.engine.pipeline.grouped_rows import Attended, GroupedRows, LabeledRows, attended
from leukokit.evaluation.combine import Combination, best_way, group_score
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import score_input
from leukokit.recipe.answer import ATTENTION, CombineBy
from leukokit.recipe.models import RecipeModel

NO_IMAGE = "no image"
"""``status`` of a group whose images were all rejected."""


@dataclass(frozen=True)
class FittedAnswer:
    """How the images of a group become one answer, chosen on validation where the recipe names several ways.

    Attributes
    ----------
    way : str
        ``mean``, ``vote``, ``top_k``, ``noisy_or`` or ``attention``.
    k : int
        Images of each class that ``top_k`` takes.
    negative : tuple of str
        Classes that count as healthy, for ``noisy_or``; empty where none is known.
    choose_by : str
        Score that chose it: ``log_loss`` or ``macro_f1``.
    tried : mapping of str to float
        That score of every way on the validation part's groups; empty where there was nothing to choose.
    operating_point : FittedOperatingPoint or None
        Threshold on the probabilities of groups; None where no class is known to be healthy.
    refer : FittedReferral or None
        None where the validation part has no groups to choose it on.
    attention : tuple of AttentionPooling
        Where the recipe names ``attention``: one, or one a fold where folds are averaged; else empty.
    """

    way: CombineBy
    k: int
    negative: tuple[str, ...]
    choose_by: str
    tried: Mapping[str, float] = field(default_factory=dict)
    operating_point: FittedOperatingPoint | None = None
    refer: FittedReferral | None = None
    attention: tuple[AttentionPooling, ...] = ()

    @property
    def decisions(self) -> Decisions:
        """Thresholds that were chosen on the validation part's groups."""
        return Decisions(self.operating_point, self.refer)

    @property
    def attends(self) -> bool:
        """Whether it answers from the features of images, not from their probabilities."""
        return self.way == ATTENTION

    def combine(self, rows: GroupedRows, classes: Sequence[str]) -> FloatArray:
        """Give the probabilities of each group (g, k); of ``attention`` those that the rows carry."""
        if self.way == ATTENTION:
            assert rows.attended is not None  # whoever makes rows for such an answer attends them
            return rows.attended.proba
        negative = tuple(number for number, name in enumerate(classes) if name in self.negative)
        return Combination(self.way, self.k, negative).apply(rows.proba, rows.groups)

    def attend(self, represented: Sequence[FloatArray], groups: Groups) -> Attended | None:
        """Answer from what the model sees of the images; None where nothing has learned to.

        Parameters
        ----------
        represented : sequence of float64 array (n, d)
            One array for each of ``attention``.
        """
        if not self.attention:
            return None
        found = [
            attended(pooling, rows, groups) for pooling, rows in zip(self.attention, represented, strict=True)
        ]
        return Attended(
            np.mean([each.proba for each in found], axis=0), np.mean([each.weights for each in found], axis=0)
        )


def choose_answer(
    recipe: RecipeModel,
    classes: Sequence[str],
    validation: LabeledRows | None,
    attention: Sequence[AttentionPooling] = (),
) -> FittedAnswer | None:
    """Choose on the validation part how to combine, and the thresholds of groups.

    Parameters
    ----------
    recipe : RecipeModel
        Its section ``answer`` says what is tried.
    classes : sequence of str (k,)
        Of the model.
    validation : LabeledRows or None
        None where the validation part holds no image with a group; the first way is then taken.
    attention : sequence of AttentionPooling
        What was trained on the training part's groups, where the recipe names ``attention``.

    Returns
    -------
    FittedAnswer or None
        None where the recipe asks for no answer by group.
    """
    spec = recipe.answer
    if spec is None:
        return None
    negative = known_negative(recipe.operating_point, classes)
    answer = FittedAnswer(spec.ways[0], spec.k, negative, spec.choose_by, attention=tuple(attention))
    if validation is not None and len(spec.ways) > 1:
        tried: dict[str, float] = {}
        for each in spec.ways:
            proba = replace(answer, way=each).combine(validation, classes)
            tried[each] = group_score(spec.choose_by, score_input(validation.group_classes, proba, classes))
        best = spec.ways[best_way(spec.choose_by, list(tried.values()))]
        answer = replace(answer, way=best, tried=tried)
    chosen = None
    if validation is not None:
        chosen = validation.group_classes, answer.combine(validation, classes)
    decisions = decide(recipe, classes, chosen)
    return replace(answer, operating_point=decisions.operating_point, refer=decisions.refer)
