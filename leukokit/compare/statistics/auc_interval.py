"""Interval of the difference of two AUCs on the same images."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.auc_influence import AucEstimate
from leukokit.evaluation.auc import mean_auc

HIGH_CORRELATION = 0.8
"""Correlation of two AUCs above which the interval comes from the difference itself; chosen by simulation.

AUCs near 1 are skewed, so each gets an interval on the logit scale. For two classifiers with errors on the
same images, the difference is hardly skewed, and combining the two intervals gives one that is far too wide.
"""
_ROUNDING = 1e-12


def auc_difference_interval(
    first: AucEstimate, second: AucEstimate, *, level: float = 0.95
) -> tuple[float, float] | None:
    """Interval of second minus first; None where it cannot be estimated.

    Low correlation: a logit interval for each AUC, combined by their correlation (Zou and Donner 2008, doi
    10.1002/sim.3095). High correlation: an interval of the difference itself, corrected for skewness (Hall
    1992, doi 10.1111/j.2517-6161.1992.tb01872.x). Both use degrees of freedom that depend on the kurtosis,
    since near 1 the AUC depends on few images (O'Neill 2014, doi 10.1080/00031305.2014.966589).

    Parameters
    ----------
    first, second : AucEstimate
        On the same images and groups.
    level : float
        Confidence level.
    """
    moved = second.influence - first.influence
    n_groups = len(moved)
    spread = float(np.sum(moved**2))
    both = first.value == second.value and first.perfect
    if n_groups < 3 or (spread < _ROUNDING**2 and not both):
        return None
    reach = float(t.isf((1 - level) / 2, _freedom(moved))) if spread else 0.0
    correlation = _correlation(first.influence, second.influence)
    if correlation > HIGH_CORRELATION:
        return _by_difference(second.value - first.value, moved, reach)
    (low_1, high_1), (low_2, high_2) = (_single_interval(auc, reach, level) for auc in (first, second))
    difference = second.value - first.value
    down = _combined(second.value - low_2, high_1 - first.value, correlation)
    up = _combined(high_2 - second.value, first.value - low_1, correlation)
    return difference - down, difference + up


def _freedom(moved: FloatArray) -> float:
    """Degrees of freedom of a variance estimate, from the kurtosis of the influences."""
    n = len(moved)
    kurtosis = n * float(np.sum(moved**4)) / float(np.sum(moved**2)) ** 2
    return 2 * n / max(kurtosis - (n - 3) / (n - 1), 2.0)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    scale = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.sum(first * second)) / scale if scale > _ROUNDING**2 else 0.0


def _single_interval(auc: AucEstimate, reach: float, level: float) -> tuple[float, float]:
    n = len(auc.influence)
    if auc.perfect:  # no influences and no logit: use the interval of a single AUC
        bounds = mean_auc(auc.tasks, auc.groups, level=level)[1]
        return bounds.low, bounds.high
    error = float(np.sqrt(n / (n - 1) * np.sum(auc.influence**2)))
    half = reach * error / (auc.value * (1 - auc.value))
    middle = float(logit(auc.value))
    return float(expit(middle - half)), float(expit(middle + half))


def _combined(one: float, other: float, correlation: float) -> float:
    return float(np.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0)))


def _by_difference(difference: float, moved: FloatArray, reach: float) -> tuple[float, float]:
    n = len(moved)
    error = float(np.sqrt(n / (n - 1) * np.sum(moved**2)))
    skewness = float(np.mean(moved**3) / np.mean(moved**2) ** 1.5) * np.sqrt(n * (n - 1)) / (n - 2)
    tilt = float(skewness / np.sqrt(n))

    def straight(z: float) -> float:
        """Invert Hall's cubic transformation: the quantile of the skewed statistic."""
        return z if abs(tilt) < 1e-9 else 3 / tilt * (float(np.cbrt(1 + tilt * (z - tilt / 6))) - 1)

    return difference - error * straight(reach), difference - error * straight(-reach)
