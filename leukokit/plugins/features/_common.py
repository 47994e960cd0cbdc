"""Small functions that several feature extractors share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leukokit.api import FloatArray


def mean_of(values: FloatArray) -> float:
    """Give the mean; NaN of no values."""
    return float(values.mean()) if values.size else math.nan


def std_of(values: FloatArray) -> float:
    """Give the standard deviation, divided by n; NaN of no values."""
    return float(values.std()) if values.size else math.nan


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
