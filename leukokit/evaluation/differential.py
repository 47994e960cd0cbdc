"""Differential count: how many of the cells of a field or patient are of each class, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from leukokit.evaluation.intervals import LEVEL, wilson


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Cells of one class.

    Attributes
    ----------
    name : str
        The class.
    count : int
    share : float
        Of all cells counted; NaN where there is none.
    low, high : float
        95% interval of the share by Wilson's score method (doi 10.1080/01621459.1927.10502953): what would
        be counted in all blood of which these cells are a random part. Wrong classes are not in it, nor that
        cells of one field are alike. 0 and 1 where there is no cell.
    """

    name: str
    count: int
    share: float
    low: float
    high: float


def differential(counts: Mapping[str, int]) -> tuple[ClassCount, ...]:
    """Give share and interval of each class.

    Parameters
    ----------
    counts : mapping of class to int
        Classes without a cell included.
    """
    total = sum(counts.values())
    if not total:
        return tuple(ClassCount(name, 0, float("nan"), 0.0, 1.0) for name in counts)
    quantile = NormalDist().inv_cdf((1 + LEVEL) / 2)
    rows = []
    for name, count in counts.items():
        low, high = wilson(count / total, total, quantile)
        rows.append(ClassCount(name, count, count / total, low, high))
    return tuple(rows)
