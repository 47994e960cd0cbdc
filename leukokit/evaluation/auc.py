"""Areas under the ROC curve with intervals, also of means over classes and of grouped samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.intervals import LEVEL, Bounds, Groups


@dataclass(frozen=True)
class Contest:
    """One area under the curve, part of a mean: which samples should lie above which others.

    Attributes
    ----------
    upper, lower : int array
        Rows of the samples that should have the higher and the lower values; neither is empty.
    values : float64 array (n,)
        Of all samples.
    """

    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    values: FloatArray


def one_against_rest(positive: NDArray[np.bool_], values: FloatArray) -> Contest | None:
    """Set one side against the other; None where a side is empty."""
    if positive.all() or not positive.any():
        return None
    return Contest(np.flatnonzero(positive), np.flatnonzero(~positive), values)


def all_pairs(true: NDArray[np.intp], proba: FloatArray) -> list[Contest]:
    """Set every class against every other, each by its own probability (Hand and Till 2001)."""
    rows = {int(number): np.flatnonzero(true == number) for number in np.unique(true)}
    return [Contest(rows[a], rows[b], proba[:, a]) for a in rows for b in rows if a != b]


def area(contest: Contest) -> float:
    """Share of pairs in the right order, ties half (Mann and Whitney 1947)."""
    return float(placements(contest)[0].mean())


def mean_area(contests: Sequence[Contest], groups: Groups, *, level: float = LEVEL) -> tuple[float, Bounds]:
    """Mean of several areas, or one, with its interval.

    Placement values give the variance (DeLong et al. 1988, doi 10.2307/2531595), summed over groups
    (Obuchowski 1997, doi 10.2307/2533958). Near 1 only the few samples out of order tell of it, and it comes
    out too small. So a score interval is taken, as Newcombe 2006 (doi 10.1002/sim.2324) recommends, whose
    variance follows the area: that of two normal distributions of equal spread (Hanley and McNeil 1982, doi
    10.1148/radiology.143.1.7063747, by two probabilities; for normal distributions both are one value of
    Owen's T), times what groups and averaging do to the variance, and never below the one of the placement
    values.

    Parameters
    ----------
    contests : sequence of Contest
        One or more.
    """
    found = influence(contests)
    value, involved = found.area, found.shares > 0
    inside = groups.some(involved)
    variance = inside.variance(found.influence[involved])
    # The variance if all areas rose and fell together and samples were independent.
    whole = float(np.sum(found.spread**2))
    crowding = involved.sum() / inside.count
    scale = (variance / whole if whole > 0 else crowding) * float(np.sum(found.shares**2))
    if 0 < value < 1:
        scale = max(scale, variance / _binormal(value))
    method = "score, binormal" if groups.independent else "score, binormal, over groups"
    low, high = _score_interval(value, scale, inside.quantile(level))
    return value, Bounds(low, high, method)


@dataclass(frozen=True)
class Influence:
    """What each sample has to do with an area, or with the mean of several.

    Attributes
    ----------
    area : float
        0..1.
    influence : float64 array (n,)
        How far each sample moves the area, to first order; sums to 0.
    spread : float64 array (n,)
        Standard deviation of the placements of the sample's side, over its size.
    shares : float64 array (n,)
        Weight of the sample in the area, 1 / size of its side; 0 where it plays no part.
    """

    area: float
    influence: FloatArray
    spread: FloatArray
    shares: FloatArray


def influence(contests: Sequence[Contest]) -> Influence:
    """Tell how samples move the mean of one or more areas, by their placements (DeLong et al. 1988)."""
    n = len(contests[0].values)
    weight = 1 / len(contests)
    areas = []
    moved, spread, shares = np.zeros(n), np.zeros(n), np.zeros(n)
    for contest in contests:
        above, below = placements(contest)
        one = float(above.mean())
        areas.append(one)
        for rows, placed in ((contest.upper, above), (contest.lower, below)):
            moved[rows] += weight * (placed - one) / len(rows)
            spread[rows] += weight * _deviation(placed) / len(rows)
            shares[rows] += weight / len(rows)
    return Influence(float(np.mean(areas)), moved, spread, shares)


def placements(contest: Contest) -> tuple[FloatArray, FloatArray]:
    """Share of the other side that each sample lies on the right side of, ties half (by mid-ranks).

    Source: Sun and Xu 2014, doi 10.1109/LSP.2014.2337313. In the order of ``upper`` and ``lower``.
    """
    upper, lower = contest.values[contest.upper], contest.values[contest.lower]
    m, n = len(upper), len(lower)
    ranks = _mid_ranks(np.concatenate([upper, lower]))
    return (ranks[:m] - _mid_ranks(upper)) / n, 1 - (ranks[m:] - _mid_ranks(lower)) / m


def _mid_ranks(values: FloatArray) -> FloatArray:
    import pandas as pd

    return np.asarray(pd.Series(values).rank(), dtype=np.float64)


def _deviation(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _binormal(value: float) -> float:
    """Variance of a placement value where both sides are normal with one spread and the area is ``value``.

    Two of one side lie above one of the other with probability Phi2(a, a; 1/2) = Phi(a) - 2 T(a, 1/sqrt(3)),
    where a is the normal quantile of the area (Owen 1956, doi 10.1214/aoms/1177728074).
    """
    from scipy.special import ndtri, owens_t

    both = value - 2 * float(owens_t(float(ndtri(value)), 3**-0.5))
    return max(both - value**2, 0.0)


def _score_interval(value: float, scale: float, quantile: float) -> tuple[float, float]:
    """Areas that lie within so many of their own standard deviations of the one found."""
    from scipy.optimize import brentq

    def beyond(candidate: float) -> float:
        return float(abs(candidate - value) - quantile * np.sqrt(scale * _binormal(candidate)))

    low, high, edge = 0.0, 1.0, 1e-9
    if value > 2 * edge and beyond(edge) > 0:
        low = float(brentq(beyond, edge, value - edge)) if beyond(value - edge) < 0 else value
    if value < 1 - 2 * edge and beyond(1 - edge) > 0:
        high = float(brentq(beyond, value + edge, 1 - edge)) if beyond(value + edge) < 0 else value
    return low, high
