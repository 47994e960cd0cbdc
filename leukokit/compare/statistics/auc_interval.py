"""Interval of the difference of two areas under the ROC curve on the same images."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.auc_influence import Area
from leukokit.evaluation.auc import mean_area

ALIKE = 0.8
"""Correlation of two areas above which the difference is judged by itself; chosen by simulation.

Areas near 1 are skewed, and each alone is better judged on the logit scale. Of two classifiers that err on
the same images little of that skew is left in the difference, and putting the two together is far too wide.
"""
_ROUNDING = 1e-12


def area_interval(first: Area, second: Area, *, level: float = 0.95) -> tuple[float, float] | None:
    """Give the interval of second less first; None where the images cannot tell.

    Areas that err on different images: a logit interval each, put together by their correlation (Zou and
    Donner 2008, doi 10.1002/sim.3095). Areas that err on the same: the difference's own, corrected for
    skewness (Hall 1992, doi 10.1111/j.2517-6161.1992.tb01872.x). Either way with the degrees of freedom that
    the kurtosis leaves, for near 1 a few images decide (O'Neill 2014, doi 10.1080/00031305.2014.966589).

    Parameters
    ----------
    first, second : Area
        On the same images and groups.
    level : float
        Share of repetitions of the study whose interval would hold the truth.
    """
    moved = second.influence - first.influence
    n_groups = len(moved)
    spread = float(np.sum(moved**2))
    both = first.value == second.value and first.perfect
    if n_groups < 3 or (spread < _ROUNDING**2 and not both):
        return None
    reach = float(t.isf((1 - level) / 2, _freedom(moved))) if spread else 0.0
    correlation = _correlation(first.influence, second.influence)
    if correlation > ALIKE:
        return _by_difference(second.value - first.value, moved, reach)
    (low_1, high_1), (low_2, high_2) = (_alone(area, reach, level) for area in (first, second))
    difference = second.value - first.value
    down = _joined(second.value - low_2, high_1 - first.value, correlation)
    up = _joined(high_2 - second.value, first.value - low_1, correlation)
    return difference - down, difference + up


def _freedom(moved: FloatArray) -> float:
    """Degrees of freedom of a variance, from the kurtosis of what it is the variance of."""
    n = len(moved)
    kurtosis = n * float(np.sum(moved**4)) / float(np.sum(moved**2)) ** 2
    return 2 * n / max(kurtosis - (n - 3) / (n - 1), 2.0)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    scale = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.sum(first * second)) / scale if scale > _ROUNDING**2 else 0.0


def _alone(area: Area, reach: float, level: float) -> tuple[float, float]:
    n = len(area.influence)
    if area.perfect:  # no group moves it, and no logit: what an area that is not perfect could look like
        bounds = mean_area(area.contests, area.groups, level=level)[1]
        return bounds.low, bounds.high
    error = float(np.sqrt(n / (n - 1) * np.sum(area.influence**2)))
    half = reach * error / (area.value * (1 - area.value))
    middle = float(logit(area.value))
    return float(expit(middle - half)), float(expit(middle + half))


def _joined(one: float, other: float, correlation: float) -> float:
    return float(np.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0)))


def _by_difference(difference: float, moved: FloatArray, reach: float) -> tuple[float, float]:
    n = len(moved)
    error = float(np.sqrt(n / (n - 1) * np.sum(moved**2)))
    skewness = float(np.mean(moved**3) / np.mean(moved**2) ** 1.5) * np.sqrt(n * (n - 1)) / (n - 2)
    tilt = float(skewness / np.sqrt(n))

    def straight(z: float) -> float:
        """Invert Hall's cubic: the quantile of the tilted statistic."""
        return z if abs(tilt) < 1e-9 else 3 / tilt * (float(np.cbrt(1 + tilt * (z - tilt / 6))) - 1)

    return difference - error * straight(reach), difference - error * straight(-reach)
