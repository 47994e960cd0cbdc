"""White point: the color of light through empty glass."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.contrast import resized
from leukokit.smear.otsu import histogram
from leukokit.smear.void import void_mask

_SMOOTH = np.exp(-0.5 * (np.arange(-6, 7) / 2.5) ** 2)
_MIN_PEAK = 0.1  # of the highest one
_MIN_SHARE = 0.01  # of the image
_PEAK_WIDTH = 4  # gray levels to either side of the peak
_MAX_PURPLE = 12.0  # gray levels; glass of four labs (white, gray, beige or yellow) has -60 to 6


def white_point(image: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """Measure the color of the glass.

    Both stains of a smear absorb green, so glass is the brightest in green: the highest level with a peak of
    the histogram that is no speck. Where that peak is purple or pink, it is a cell, and no glass is visible.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Black areas (see ``void_mask``) do not count.

    Returns
    -------
    float64 array (3,) or None
        Red, green and blue, 0..255; None where no glass is visible.
    """
    small = resized(image)
    void = void_mask(small)
    blurred = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), dtype=np.uint8)
    pixels = blurred.reshape(-1, 3) if void is None else blurred[~void]
    if not len(pixels):
        return None
    green = np.ascontiguousarray(pixels[:, 1])
    counts = histogram(green)
    peak = _topmost_peak(counts)
    if counts[max(peak - _PEAK_WIDTH, 0) : peak + _PEAK_WIDTH + 1].sum() < _MIN_SHARE * len(pixels):
        return None
    white = np.median(pixels[np.abs(green.astype(np.int16) - peak) <= _PEAK_WIDTH], axis=0).astype(np.float64)
    return white if (white[0] + white[2]) / 2 - white[1] <= _MAX_PURPLE else None


def _topmost_peak(counts: NDArray[np.int64]) -> int:
    smooth = np.pad(np.convolve(counts, _SMOOTH, mode="same"), 1)
    inner = smooth[1:-1]
    peaks = (inner >= smooth[:-2]) & (inner >= smooth[2:]) & (inner >= _MIN_PEAK * inner.max())
    return int(np.flatnonzero(peaks)[-1])
