"""Otsu's thresholds (doi 10.1109/TSMC.1979.4310076), exhaustive, from a histogram."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask


def histogram(plane: NDArray[np.uint8], mask: Mask | None = None) -> NDArray[np.int64]:
    """Count gray levels, int64, 256 entries; of the pixels in ``mask`` where it is given."""
    # 3 times as fast as numpy.bincount, which copies to int64 first; exact up to 2^24 pixels a level.
    inside = None if mask is None else mask.view(np.uint8)
    counts = cv2.calcHist([plane], [0], inside, [256], [0, 256])
    return np.asarray(counts, dtype=np.int64).ravel()


def median_level(counts: NDArray[np.int64]) -> float:
    """Median of a histogram; 0 where it is empty."""
    cumulative = np.cumsum(counts)
    return float(np.searchsorted(cumulative, cumulative[-1] / 2)) if cumulative[-1] else 0.0


def two_shades(counts: NDArray[np.int64]) -> tuple[float, float] | None:
    """Means of the two classes that Otsu's threshold makes of a histogram.

    Parameters
    ----------
    counts : int64 array (levels,)

    Returns
    -------
    tuple of float or None
        The lower and the higher mean. None where fewer than two levels are occupied.
    """
    if np.count_nonzero(counts) < 2:
        return None
    low, high = _two_shades(counts)
    return float(low), float(high)


def two_level_otsu(counts: NDArray[np.int64]) -> tuple[int, int] | None:
    """Levels that part a histogram in three with the largest variance between the classes.

    Parameters
    ----------
    counts : int64 array (levels,)

    Returns
    -------
    tuple of int or None
        Classes are up to the first, up to the second, and above it. None where fewer than three levels are
        occupied.
    """
    if np.count_nonzero(counts) < 3:
        return None
    low, high = _two_levels(counts)
    return int(low), int(high)


@numba.njit(cache=True, nogil=True)
def _two_shades(counts: NDArray[np.int64]) -> Any:
    total, total_moment = 0.0, 0.0
    for level in range(counts.size):
        total += counts[level]
        total_moment += level * counts[level]
    best, low, high = -1.0, 0.0, 0.0
    weight, moment = 0.0, 0.0
    for level in range(counts.size):
        weight += counts[level]
        moment += level * counts[level]
        if weight == total:
            break
        if counts[level] == 0:  # between occupied levels nothing changes
            continue
        between = moment**2 / weight + (total_moment - moment) ** 2 / (total - weight)
        if between > best:
            best, low, high = between, moment / weight, (total_moment - moment) / (total - weight)
    return low, high


@numba.njit(cache=True, nogil=True)
def _two_levels(counts: NDArray[np.int64]) -> Any:
    weight = np.cumsum(counts).astype(np.float64)
    moment = np.cumsum(counts * np.arange(counts.size)).astype(np.float64)
    total, total_moment = weight[-1], moment[-1]
    best, low, high = -1.0, 0, 0
    for i in range(counts.size):
        if counts[i] == 0:
            continue
        first = moment[i] ** 2 / weight[i]
        for j in range(i + 1, counts.size):
            if counts[j] == 0 or weight[j] == total:
                continue
            between = (
                first
                + (moment[j] - moment[i]) ** 2 / (weight[j] - weight[i])
                + (total_moment - moment[j]) ** 2 / (total - weight[j])
            )
            if between > best:
                best, low, high = between, i, j
    return low, high
