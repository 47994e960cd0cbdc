"""Accuracy in subgroups of the samples: the largest gap between two of them, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.evaluation.intervals import LEVEL, Bounds, Groups, proportion


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference of a share between two subgroups.

    Attributes
    ----------
    best, worst : str
        The two.
    value : float
        Share in ``best`` less that in ``worst``, 0..1.
    bounds : Bounds
        Interval of the difference; it may reach below 0.
    """

    best: str
    worst: str
    value: float
    bounds: Bounds


def largest_gap(
    hits: NDArray[np.bool_], groups: Groups, rows: Mapping[str, NDArray[np.bool_]], *, level: float = LEVEL
) -> Gap | None:
    """Find the two subgroups whose share of hits differs most; None for fewer than two.

    Parameters
    ----------
    hits : bool array (n,)
        Whether each sample is classified correctly.
    groups : Groups
        Of the samples (patients).
    rows : mapping of name to bool array (n,)
        Samples of each subgroup, one or more.

    Notes
    -----
    The interval is Newcombe's, from the intervals of both shares (method 10 of Newcombe 1998, doi
    10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I). The pair is the most different of all
    pairs, so each interval has the level of Bonferroni for their number. Where a patient has samples in both
    subgroups the interval is too wide rather than too narrow, as errors of one patient go together.
    """
    if len(rows) < 2:
        return None
    pairs = len(rows) * (len(rows) - 1) // 2
    shares = {name: float(hits[inside].mean()) for name, inside in rows.items()}
    best = max(shares, key=lambda name: shares[name])
    worst = min((name for name in shares if name != best), key=lambda name: shares[name])
    each = 1 - (1 - level) / pairs
    high, low = (
        proportion(hits[rows[name]], groups.subset(rows[name]), level=each) for name in (best, worst)
    )
    value = shares[best] - shares[worst]
    if high.unknown or low.unknown:
        return Gap(best, worst, value, Bounds(-1.0, 1.0, "", high.unknown or low.unknown))
    below = np.hypot(shares[best] - high.low, low.high - shares[worst])
    above = np.hypot(high.high - shares[best], shares[worst] - low.low)
    method = "Newcombe" if pairs == 1 else f"Newcombe, Bonferroni for {pairs} pairs"
    return Gap(best, worst, value, Bounds(max(-1.0, value - below), min(1.0, value + above), method))
