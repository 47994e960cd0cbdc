"""What each image, and each group of images, has to do with an area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.auc import Contest, all_pairs, one_against_rest, placements
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import Scored


@dataclass(frozen=True)
class Area:
    """An area, or the mean of several, and how far each group moves it.

    Attributes
    ----------
    value : float
        0..1.
    influence : float64 array (n_groups,)
        Change of the area by each group, in first order; sums to 0. The sum of squares is the variance.
    contests : tuple of Contest
        The areas that it is the mean of.
    groups : Groups
    """

    value: float
    influence: FloatArray
    contests: tuple[Contest, ...]
    groups: Groups

    @property
    def perfect(self) -> bool:
        """Whether every image, or none, is placed rightly: the influence of all groups is 0 then."""
        return self.value in (0.0, 1.0)


def placed_by_image(positive: NDArray[np.bool_], scores: FloatArray) -> FloatArray:
    """Placement of every image, in the order of the images. Both sides must hold one."""
    contest = one_against_rest(positive, scores)
    if contest is None:
        raise ValueError("images of the class and others are needed")
    placed = np.empty(len(scores))
    placed[contest.upper], placed[contest.lower] = placements(contest)
    return placed


def group_sums(codes: NDArray[np.intp], values: FloatArray, n_groups: int) -> FloatArray:
    """Sum values by group."""
    return np.bincount(codes, weights=values, minlength=n_groups).astype(np.float64)


def one_vs_rest(scored: Scored, number: int, codes: NDArray[np.intp]) -> Area | None:
    """Area of one class against all others; None where the part holds only one side."""
    return _mean([one_against_rest(scored.true == number, scored.proba[:, number])], codes)


def mean_one_vs_rest(scored: Scored, codes: NDArray[np.intp]) -> Area | None:
    """Mean over the classes of :func:`one_vs_rest`, as ``auc_ovr`` of ``metrics``."""
    numbers = range(len(scored.classes))
    return _mean([one_against_rest(scored.true == k, scored.proba[:, k]) for k in numbers], codes)


def mean_one_vs_one(scored: Scored, codes: NDArray[np.intp]) -> Area | None:
    """Mean over pairs of classes, each by either class's probability, as ``auc_ovo`` of ``metrics``."""
    return _mean(all_pairs(scored.true, scored.proba), codes)


def _mean(contests: Sequence[Contest | None], codes: NDArray[np.intp]) -> Area | None:
    known = tuple(contest for contest in contests if contest is not None)
    if not known:
        return None
    groups = Groups(codes, int(codes.max()) + 1)
    # evaluation.auc.influence divides in another order: the last digit of an interval would be another.
    values, moved = [], np.zeros(len(codes))
    for contest in known:
        above, below = placements(contest)
        values.append(float(above.mean()))
        for rows, placed in ((contest.upper, above), (contest.lower, below)):
            moved[rows] += (placed - values[-1]) / len(rows) / len(known)
    return Area(float(np.mean(values)), group_sums(codes, moved, groups.count), known, groups)
