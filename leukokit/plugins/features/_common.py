"""Small functions that several feature extractors share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import AfterValidator

from leukokit.api import FloatArray

T = TypeVar("T")


class Aggregate(StrEnum):
    """How the values of several contours or cells become one number; ``std`` divides by n."""

    MEAN = "mean"
    STD = "std"
    MAX = "max"


def aggregate(values: FloatArray, statistic: Aggregate) -> float:
    """Reduce values to one number; NaN where there are none."""
    if values.size == 0:
        return math.nan
    match statistic:
        case Aggregate.MEAN:
            return float(values.mean())
        case Aggregate.STD:
            return float(values.std())
        case Aggregate.MAX:
            return float(values.max())


def aggregate_columns(columns: Sequence[FloatArray], statistics: Sequence[Aggregate]) -> list[float]:
    """Reduce each column by each statistic, column by column."""
    return [aggregate(column, statistic) for column in columns for statistic in statistics]


def _check_distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise ValueError("give at least one")
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"each may be given once, {', '.join(repeated)} is repeated")
    return values


Distinct = Annotated[tuple[T, ...], AfterValidator(_check_distinct)]
"""A tuple of one or more distinct values; each value becomes part of a column's name."""


def check_canny_thresholds(low: float, high: float) -> None:
    """Check the two thresholds of Canny.

    Raises
    ------
    ValueError
        Where the low one is above the high one; OpenCV would silently swap them.
    """
    if low > high:
        raise ValueError(f"low_threshold ({low:g}) must not be above high_threshold ({high:g})")


def named_values(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Map each name to its value."""
    return dict(zip(names, values, strict=True))
