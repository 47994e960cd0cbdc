"""How the values of the cells of an image become one number, or a few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from leukokit.arrays import FloatArray

_QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
_ENTROPY_BINS = 10


class Aggregate(StrEnum):
    """How the values of several contours or cells become one number.

    ``std`` divides by n. ``quantiles`` gives five numbers: the 5, 25, 50, 75 and 95 % quantiles,
    interpolated. ``count`` is the number of values. ``entropy`` is that of their histogram, in bits: 10 bins
    of equal width between the smallest and the largest value of the image; 0 where all are equal.
    """

    MEAN = "mean"
    STD = "std"
    MAX = "max"
    MIN = "min"
    MEDIAN = "median"
    QUANTILES = "quantiles"
    COUNT = "count"
    ENTROPY = "entropy"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the names of its numbers."""
        return tuple(_QUANTILES) if self is Aggregate.QUANTILES else (self.value,)


def aggregate(values: FloatArray, how: Aggregate) -> tuple[float, ...]:
    """Reduce values to the numbers of ``how.suffixes``; NaN where there are none, but a count of 0."""
    if how is Aggregate.COUNT:
        return (float(values.size),)
    if values.size == 0:
        return (math.nan,) * len(how.suffixes)
    match how:
        case Aggregate.MEAN:
            return (float(values.mean()),)
        case Aggregate.STD:
            return (float(values.std()),)
        case Aggregate.MAX:
            return (float(values.max()),)
        case Aggregate.MIN:
            return (float(values.min()),)
        case Aggregate.MEDIAN:
            return (float(np.median(values)),)
        case Aggregate.QUANTILES:
            return tuple(np.quantile(values, list(_QUANTILES.values())).tolist())
    return (_entropy(values),)


def aggregate_columns(columns: Sequence[FloatArray], how: Sequence[Aggregate]) -> list[float]:
    """Reduce each column in each way, column by column."""
    return [number for column in columns for way in how for number in aggregate(column, way)]


def aggregate_names(columns: Sequence[str], how: Sequence[Aggregate]) -> tuple[str, ...]:
    """Names of what :func:`aggregate_columns` gives."""
    return tuple(f"{column}_{suffix}" for column in columns for way in how for suffix in way.suffixes)


def _entropy(values: FloatArray) -> float:
    if values.min() == values.max():
        return 0.0
    counts, _ = np.histogram(values, bins=_ENTROPY_BINS)
    shares = counts[counts > 0] / values.size
    return float(-(shares * np.log2(shares)).sum())
