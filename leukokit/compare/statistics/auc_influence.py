"""Influence of each image and of each group of images on an AUC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.auc import (
    BinaryTask,
    PlacedTask,
    mean_influence,
    one_vs_one_tasks,
    one_vs_rest_task,
    placement_values,
)
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import Scored


@dataclass(frozen=True)
class AucEstimate:
    """An AUC, or the mean of several, and the influence of each group on it.

    Attributes
    ----------
    value : float
        0..1.
    influence : float64 array (n_groups,)
        First-order influence of each group; sums to 0. The sum of squares is the variance.
    tasks : tuple of BinaryTask
        The tasks whose AUCs are averaged.
    groups : Groups
    """

    value: float
    influence: FloatArray
    tasks: tuple[BinaryTask, ...]
    groups: Groups

    @property
    def perfect(self) -> bool:
        """Whether the AUC is 0 or 1: the influence of all groups is 0 then."""
        return self.value in (0.0, 1.0)


def placement_by_image(positive: NDArray[np.bool_], scores: FloatArray) -> FloatArray:
    """Placement value of every image, in the order of the images; each class needs at least one."""
    task = one_vs_rest_task(positive, scores)
    if task is None:
        raise ValueError("images of the class and others are needed")
    values = np.empty(len(scores))
    values[task.positive], values[task.negative] = placement_values(task)
    return values


def group_sums(codes: NDArray[np.intp], values: FloatArray, n_groups: int) -> FloatArray:
    """Sum values by group."""
    return np.bincount(codes, weights=values, minlength=n_groups).astype(np.float64)


def one_vs_rest(scored: Scored, number: int, codes: NDArray[np.intp]) -> AucEstimate | None:
    """AUC of one class against all others; None where either has no images."""
    return _mean([one_vs_rest_task(scored.true == number, scored.proba[:, number])], codes)


def mean_one_vs_rest(scored: Scored, codes: NDArray[np.intp]) -> AucEstimate | None:
    """Mean over the classes of :func:`one_vs_rest`, as ``auc_ovr`` of ``metrics``."""
    numbers = range(len(scored.classes))
    return _mean([one_vs_rest_task(scored.true == k, scored.proba[:, k]) for k in numbers], codes)


def mean_one_vs_one(scored: Scored, codes: NDArray[np.intp]) -> AucEstimate | None:
    """Mean over pairs of classes, each by either class's probability, as ``auc_ovo`` of ``metrics``."""
    return _mean(one_vs_one_tasks(scored.true, scored.proba), codes)


def _mean(tasks: Sequence[BinaryTask | None], codes: NDArray[np.intp]) -> AucEstimate | None:
    known = tuple(task for task in tasks if task is not None)
    if not known:
        return None
    groups = Groups(codes, int(codes.max()) + 1)
    mean, influence = mean_influence([PlacedTask.of(task) for task in known])
    return AucEstimate(mean, group_sums(codes, influence, groups.count), known, groups)
