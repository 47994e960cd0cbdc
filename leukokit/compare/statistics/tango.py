"""Tango's interval of the difference of two accuracies on the same images."""

from __future__ import annotations

import math


def tango(only_first: float, only_second: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a paired difference of proportions.

    It contains the differences that McNemar's test does not reject, and keeps its coverage where few images
    or none have different results. Source: Tango 1998, doi
    10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.

    Parameters
    ----------
    only_first, only_second : float
        Number of images that only the first, and only the second, predicts correctly; fractions for groups.
    n : float
        Number of images.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        Bounds of second minus first, -1..1.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    estimate = (only_second - only_first) / n

    def excess(difference: float) -> float:
        return _score(only_first, only_second, n, difference) - z

    def shortfall(difference: float) -> float:
        return _score(only_first, only_second, n, difference) + z

    end = 1 - 1e-12  # at +-1 the statistic is not finite
    low = -1.0 if excess(-end) <= 0 else float(brentq(excess, -end, estimate, xtol=1e-14))
    high = 1.0 if shortfall(end) >= 0 else float(brentq(shortfall, estimate, end, xtol=1e-14))
    return low, high


def _score(b: float, c: float, n: float, difference: float) -> float:
    """Tango's statistic: estimate minus ``difference``, divided by the standard error."""
    gap = c - b - n * difference
    linear = -b - c + (2 * n - c + b) * difference
    constant = -b * difference * (1 - difference)
    # Maximum-likelihood share of "only first correct" given the difference.
    share = (math.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)
