"""Color and texture of one object: means and spreads of its pixels, and differences between neighbors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from leukokit.arrays import FloatArray, Mask, RGBImage

ENTROPY_BINS = 32
"""Bins of gray level, 8 levels each, that the entropy is taken over."""


class PixelMeasures(NamedTuple):
    """Color and texture of the pixels of one region; NaN where it has no pixel, or no pair of pixels.

    ``contrast`` and ``homogeneity`` are those of a gray-level co-occurrence matrix of 256 levels at a
    distance of 1 px, to the right and down (Haralick et al. 1973, doi 10.1109/TSMC.1973.4309314).

    Attributes
    ----------
    red_mean, green_mean, blue_mean, red_std, green_std, blue_std : float
        Gray levels, 0..255; ``std`` divides by n.
    contrast : float
        Mean squared difference of neighbors, squared gray levels.
    homogeneity : float
        Mean of 1 / (1 + squared difference), 0..1.
    entropy : float
        Of the histogram of gray levels, bits: 0..5.
    """

    red_mean: float
    green_mean: float
    blue_mean: float
    red_std: float
    green_std: float
    blue_std: float
    contrast: float
    homogeneity: float
    entropy: float


def measure_pixels(rgb: RGBImage, gray: NDArray[np.uint8], region: Mask) -> PixelMeasures:
    """Measure the pixels of a region.

    Parameters
    ----------
    rgb : uint8 array, h x w x 3
    gray : uint8 array, h x w
    region : bool array, h x w
    """
    return PixelMeasures(*_measures(rgb, gray, region).tolist())


@njit(cache=True, nogil=True)
def _measures(rgb: RGBImage, gray: NDArray[np.uint8], region: Mask) -> FloatArray:
    height, width = region.shape
    out = np.full(9, np.nan)
    total, squares = np.zeros(3, np.int64), np.zeros(3, np.int64)
    levels = np.zeros(32, np.int64)
    pixels, pairs, contrast, homogeneity = 0, 0, np.int64(0), 0.0
    for y in range(height):
        for x in range(width):
            if not region[y, x]:
                continue
            pixels += 1
            for channel in range(3):
                value = np.int64(rgb[y, x, channel])
                total[channel] += value
                squares[channel] += value * value
            level = np.int64(gray[y, x])
            levels[level >> 3] += 1
            if x + 1 < width and region[y, x + 1]:
                square = (level - np.int64(gray[y, x + 1])) ** 2
                contrast += square
                homogeneity += 1.0 / (1.0 + square)
                pairs += 1
            if y + 1 < height and region[y + 1, x]:
                square = (level - np.int64(gray[y + 1, x])) ** 2
                contrast += square
                homogeneity += 1.0 / (1.0 + square)
                pairs += 1
    if pixels == 0:
        return out
    for channel in range(3):
        # Sums of integers are exact: a region of one color has a spread of 0.
        out[channel] = total[channel] / pixels
        out[3 + channel] = np.sqrt(max(0, pixels * squares[channel] - total[channel] ** 2)) / pixels
    if pairs:
        out[6], out[7] = contrast / pairs, homogeneity / pairs
    entropy = 0.0
    for count in levels:
        if count:
            entropy -= count / pixels * np.log2(count / pixels)
    out[8] = entropy
    return out
