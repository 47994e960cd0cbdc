"""The answer for a group of images (a patient, a slide): how it is combined, and what is decided from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.engine.pipeline.decisions import (
    Decisions,
    FittedOperatingPoint,
    FittedReferral,
    decide,
    known_negative,
)
from leukokit.evaluation.combine import Combination, Way, best_way, group_score
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import score_input
from leukokit.recipe.models import RecipeModel

NO_IMAGE = "no image"
"""``status`` of a group whose images were all rejected."""


@dataclass(frozen=True)
class FittedAnswer:
    """How the images of a group become one answer, chosen on validation where the recipe names several ways.

    Attributes
    ----------
    way : str
        ``mean``, ``vote``, ``top_k`` or ``noisy_or``.
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
    """

    way: Way
    k: int
    negative: tuple[str, ...]
    choose_by: str
    tried: Mapping[str, float] = field(default_factory=dict)
    operating_point: FittedOperatingPoint | None = None
    refer: FittedReferral | None = None

    @property
    def decisions(self) -> Decisions:
        """Thresholds that were chosen on the validation part's groups."""
        return Decisions(self.operating_point, self.refer)

    def combine(self, proba: FloatArray, groups: Groups, classes: Sequence[str]) -> FloatArray:
        """Give the probabilities of each group (g, k) from those of its images (n, k)."""
        return _combination(self.way, self.k, self.negative, classes).apply(proba, groups)


@dataclass(frozen=True)
class GroupedRows:
    """Predicted images of known class whose group is known.

    Attributes
    ----------
    names : str array (n,)
        Group of each image. Images of one group have one class.
    true : str array (n,)
        True classes.
    proba : float64 array (n, k)
        Calibrated probabilities.
    """

    names: NDArray[np.str_]
    true: NDArray[np.str_]
    proba: FloatArray

    @property
    def groups(self) -> Groups:
        """Groups of the rows; their numbers follow the sorted names."""
        return Groups.of(self.names, len(self.names))

    @property
    def group_names(self) -> NDArray[np.str_]:
        """Name of each group."""
        return np.unique(self.names)

    @property
    def group_classes(self) -> NDArray[np.str_]:
        """True class of each group."""
        _, first = np.unique(self.names, return_index=True)
        return self.true[first]


def choose_answer(
    recipe: RecipeModel, classes: Sequence[str], validation: GroupedRows | None
) -> FittedAnswer | None:
    """Choose on the validation part how to combine, and the thresholds of groups.

    Parameters
    ----------
    recipe : RecipeModel
        Its section ``answer`` says what is tried.
    classes : sequence of str (k,)
        Of the model.
    validation : GroupedRows or None
        None where the validation part holds no image with a group; the first way is then taken.

    Returns
    -------
    FittedAnswer or None
        None where the recipe asks for no answer by group.
    """
    spec = recipe.answer
    if spec is None:
        return None
    negative = known_negative(recipe.operating_point, classes)
    way: Way = spec.ways[0]
    tried: dict[str, float] = {}
    if validation is not None and len(spec.ways) > 1:
        for each in spec.ways:
            combination = _combination(each, spec.k, negative, classes)
            proba = combination.apply(validation.proba, validation.groups)
            scored = score_input(validation.group_classes, proba, classes)
            tried[each] = group_score(spec.choose_by, scored)
        way = spec.ways[best_way(spec.choose_by, list(tried.values()))]
    chosen = None
    if validation is not None:
        combined = _combination(way, spec.k, negative, classes).apply(validation.proba, validation.groups)
        chosen = validation.group_classes, combined
    decisions = decide(recipe, classes, chosen)
    return FittedAnswer(
        way, spec.k, negative, spec.choose_by, tried, decisions.operating_point, decisions.refer
    )


def _combination(way: Way, k: int, negative: Sequence[str], classes: Sequence[str]) -> Combination:
    return Combination(way, k, tuple(number for number, name in enumerate(classes) if name in negative))
