"""Interval of the difference of two accuracies on the same images."""

from __future__ import annotations

import math


def tango(only_first: float, only_second: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Give the score interval of a paired difference of shares.

    It holds what McNemar's test would not reject, and stays honest where few images, or none, tell the two
    apart. Source: Tango 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.

    Parameters
    ----------
    only_first, only_second : float
        Images that only the first, and only the second, gets right; fractions where grouped ones count less.
    n : float
        Images in all.
    level : float
        Share of repetitions of the study whose interval would hold the truth.

    Returns
    -------
    low, high : float
        Of second less first, -1..1.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    estimate = (only_second - only_first) / n

    def excess(difference: float) -> float:
        return _score(only_first, only_second, n, difference) - z

    def shortfall(difference: float) -> float:
        return _score(only_first, only_second, n, difference) + z

    end = 1 - 1e-12  # at the very end the statistic has no finite value
    low = -1.0 if excess(-end) <= 0 else float(brentq(excess, -end, estimate, xtol=1e-14))
    high = 1.0 if shortfall(end) >= 0 else float(brentq(shortfall, estimate, end, xtol=1e-14))
    return low, high


def _score(b: float, c: float, n: float, difference: float) -> float:
    """Tango's statistic: how many standard errors the estimate lies above ``difference``."""
    gap = c - b - n * difference
    linear = -b - c + (2 * n - c + b) * difference
    constant = -b * difference * (1 - difference)
    # The likeliest share of "only first right" given the difference.
    share = (math.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)
