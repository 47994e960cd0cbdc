"""Means, covariances and higher moments of many maps over a region, in two passes over the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from leukokit.api import FloatArray

_BLOCK = 256
"""Pixels taken together: their values stay in the cache of the processor."""

_CONSTANT = 1e-9
"""Variance, in squared gray levels, up to which a map counts as constant: less than rounding leaves."""


@dataclass(frozen=True, slots=True)
class MapMoments:
    """Moments of M maps over one region; all divide by the number of pixels.

    Attributes
    ----------
    mean : float64 array, M
    covariance : float64 array, M x M
    skewness : float64 array, M
        Third standardized moment; 0 for a constant map.
    log_kurtosis : float64 array, M
        Natural logarithm of the fourth standardized moment (ln 3 for a normal distribution); 0 for a
        constant map.
    """

    mean: FloatArray
    covariance: FloatArray
    skewness: FloatArray
    log_kurtosis: FloatArray


def map_moments(maps: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> MapMoments | None:
    """Measure maps over the pixels of a region.

    Parameters
    ----------
    maps : float32 array, G x H x W x C
        M = G C maps, in the order of first and last axis.
    mask : bool array, H x W, optional
        The region; all pixels where omitted.

    Returns
    -------
    MapMoments or None
        None where the region has no pixels.
    """
    groups, height, width, channels = maps.shape
    where = np.arange(height * width) if mask is None else np.flatnonzero(mask)
    if not len(where):
        return None
    pixels = np.ascontiguousarray(maps).reshape(groups, height * width, channels)
    mean, covariance, third, fourth = _moments(pixels, where)
    variance = np.diag(covariance)
    constant = variance <= _CONSTANT
    safe = np.where(constant, 1.0, variance)
    return MapMoments(
        mean,
        covariance,
        np.where(constant, 0.0, third / safe**1.5),
        np.where(constant, 0.0, np.log(np.where(constant, 1.0, fourth) / safe**2)),
    )


@njit(cache=True, nogil=True)
def _moments(
    pixels: NDArray[np.float32], where: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Means, covariances, third and fourth central moments.

    The sums are taken pixel after pixel in float64, so that the result does not depend on how many threads a
    linear algebra library has.
    """
    groups, _, channels = pixels.shape
    maps = groups * channels
    number = len(where)
    mean = np.zeros(maps)
    for g in range(groups):
        for p in where:
            for c in range(channels):
                mean[g * channels + c] += pixels[g, p, c]
    mean /= number
    covariance = np.zeros((maps, maps))
    third = np.zeros(maps)
    fourth = np.zeros(maps)
    block = np.empty((_BLOCK, maps))
    for start in range(0, number, _BLOCK):
        size = min(_BLOCK, number - start)
        for g in range(groups):
            for p in range(size):
                for c in range(channels):
                    block[p, g * channels + c] = pixels[g, where[start + p], c]
        for p in range(size):
            for i in range(maps):
                value = block[p, i] - mean[i]
                square = value * value
                block[p, i] = value
                third[i] += square * value
                fourth[i] += square * square
        for i in range(maps):
            row = covariance[i, i:]  # the inner loop goes along a row: several products at a time
            for p in range(size):
                value = block[p, i]
                others = block[p, i:]
                for j in range(maps - i):
                    row[j] += value * others[j]
    for i in range(maps):
        for j in range(i):
            covariance[i, j] = covariance[j, i]
    return mean, covariance / number, third / number, fourth / number
