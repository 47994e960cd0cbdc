"""Areas under the ROC curve (AUC) with intervals, also of means over classes and for grouped samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.intervals import LEVEL, Bounds, Groups, anything


@dataclass(frozen=True)
class BinaryTask:
    """Two sets of samples and the scores that should separate them: the input of one AUC.

    Attributes
    ----------
    positive, negative : int array
        Rows of the samples that should have higher and lower scores; neither is empty.
    scores : float64 array (n,)
        Scores of all samples.
    """

    positive: NDArray[np.intp]
    negative: NDArray[np.intp]
    scores: FloatArray


@dataclass(frozen=True)
class PlacedTask:
    """A task with the placement value of each of its samples, see :func:`placement_values`.

    Attributes
    ----------
    task : BinaryTask
    above, below : float64 array
        Of the positive and of the negative samples.
    """

    task: BinaryTask
    above: FloatArray
    below: FloatArray

    @classmethod
    def of(cls, task: BinaryTask) -> PlacedTask:
        """Rank the samples of a task."""
        return cls(task, *placement_values(task))

    @property
    def auc(self) -> float:
        """Area under the ROC curve, 0..1."""
        return float(self.above.mean())

    @property
    def sides(self) -> tuple[tuple[NDArray[np.intp], FloatArray], tuple[NDArray[np.intp], FloatArray]]:
        """Rows and placement values of the positive samples, then of the negative ones."""
        return (self.task.positive, self.above), (self.task.negative, self.below)


def one_vs_rest_task(positive: NDArray[np.bool_], scores: FloatArray) -> BinaryTask | None:
    """Return the task of positives against all others; None where either is empty."""
    if positive.all() or not positive.any():
        return None
    return BinaryTask(np.flatnonzero(positive), np.flatnonzero(~positive), scores)


def one_vs_one_tasks(true: NDArray[np.intp], proba: FloatArray) -> list[BinaryTask]:
    """Return the tasks of every class against every other, by its own probability (Hand and Till 2001)."""
    rows = {int(number): np.flatnonzero(true == number) for number in np.unique(true)}
    return [BinaryTask(rows[a], rows[b], proba[:, a]) for a in rows for b in rows if a != b]


def auc(task: BinaryTask) -> float:
    """AUC: share of pairs in the right order, ties count half (Mann and Whitney 1947)."""
    return float(placement_values(task)[0].mean())


def mean_auc(tasks: Sequence[BinaryTask], groups: Groups, *, level: float = LEVEL) -> tuple[float, Bounds]:
    """Mean of one or more AUCs, with its interval.

    Placement values give the variance (DeLong et al. 1988, doi 10.2307/2531595), summed over groups
    (Obuchowski 1997, doi 10.2307/2533958). Near 1 it depends on few samples and is too small. So the interval
    is a score interval, as Newcombe 2006 (doi 10.1002/sim.2324) recommends, with a variance that depends on
    the AUC: that of two normal distributions with equal variance (Hanley and McNeil 1982, doi
    10.1148/radiology.143.1.7063747, by two probabilities; for normal distributions both are one value of
    Owen's T), times what groups and averaging do to the variance, and never below the one of the placement
    values.

    Parameters
    ----------
    tasks : sequence of BinaryTask
        One or more.

    Returns
    -------
    mean : float
        0..1.
    bounds : Bounds
        Unknown where a class has too few groups.
    """
    n = len(tasks[0].scores)
    weight = 1 / len(tasks)
    placed = [PlacedTask.of(task) for task in tasks]
    mean, influence = mean_influence(placed)
    spread, shares = np.zeros(n), np.zeros(n)
    involved = np.zeros(n, dtype=bool)
    for task in placed:
        for rows, placement in task.sides:
            spread[rows] += weight * _deviation(placement) / len(rows)
            shares[rows] += weight / len(rows)
            involved[rows] = True
    inside = groups.subset(involved)
    if inside.unknown_of_a_class:
        return mean, anything(inside.unknown_of_a_class)
    variance = inside.variance(influence[involved])
    whole = float(np.sum(spread**2))  # variance of fully correlated AUCs of independent samples
    samples_per_group = involved.sum() / inside.count
    scale = (variance / whole if whole > 0 else samples_per_group) * float(np.sum(shares**2))
    if 0 < mean < 1:
        scale = max(scale, variance / _binormal(mean))
    method = "score, binormal" if groups.independent else "score, binormal, over groups"
    low, high = _score_interval(mean, scale, inside.quantile(influence[involved], level))
    return mean, Bounds(low, high, method)


def mean_influence(placed: Sequence[PlacedTask]) -> tuple[float, FloatArray]:
    """Mean of one or more AUCs, and the first-order influence of each sample on it.

    Returns
    -------
    mean : float
        0..1.
    influence : float64 array (n,)
        Sums to 0; 0 for samples that are in no task.
    """
    influence = np.zeros(len(placed[0].task.scores))
    # Weighting each term, then dividing, is nearer to the exact sum than dividing twice: mean error of the
    # variance 5.49e-16 against 5.51e-16 in fractions, over 50 draws of 3 to 6 classes.
    weight = 1 / len(placed)
    for task in placed:
        for rows, placement in task.sides:
            influence[rows] += weight * (placement - task.auc) / len(rows)
    return float(np.mean([task.auc for task in placed])), influence


def placement_values(task: BinaryTask) -> tuple[FloatArray, FloatArray]:
    """Placement value of each sample: the share of the other set that it is ranked correctly against.

    Ties count half (mid-ranks). Source: Sun and Xu 2014, doi 10.1109/LSP.2014.2337313.

    Returns
    -------
    float64 arrays (n_positive,), (n_negative,)
        In the order of ``positive`` and ``negative`` of the task.
    """
    positive, negative = task.scores[task.positive], task.scores[task.negative]
    m, n = len(positive), len(negative)
    ranks = _mid_ranks(np.concatenate([positive, negative]))
    return (ranks[:m] - _mid_ranks(positive)) / n, 1 - (ranks[m:] - _mid_ranks(negative)) / m


def _mid_ranks(values: FloatArray) -> FloatArray:
    import pandas as pd

    return np.asarray(pd.Series(values).rank(), dtype=np.float64)


def _deviation(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _binormal(value: float) -> float:
    """Variance of a placement value where both sets are normal with equal variance and the AUC is ``value``.

    Two samples of one set are above one of the other with probability Phi2(a, a; 1/2) = Phi(a) - 2 T(a,
    1/sqrt(3)), where a is the normal quantile of the AUC (Owen 1956, doi 10.1214/aoms/1177728074).
    """
    from scipy.special import ndtri, owens_t

    both = value - 2 * float(owens_t(float(ndtri(value)), 3**-0.5))
    return max(both - value**2, 0.0)


def _score_interval(value: float, scale: float, quantile: float) -> tuple[float, float]:
    """Range of AUCs within ``quantile`` of their own standard deviations of the estimate."""
    from scipy.optimize import brentq

    def beyond(candidate: float) -> float:
        return float(abs(candidate - value) - quantile * np.sqrt(scale * _binormal(candidate)))

    low, high, edge = 0.0, 1.0, 1e-9
    if value > 2 * edge and beyond(edge) > 0:
        low = float(brentq(beyond, edge, value - edge)) if beyond(value - edge) < 0 else value
    if value < 1 - 2 * edge and beyond(1 - edge) > 0:
        high = float(brentq(beyond, value + edge, 1 - edge)) if beyond(value + edge) < 0 else value
    return low, high
