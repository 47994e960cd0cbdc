"""Checks of nuclei: outlines steeper than noise, and stain like the image's other nuclei."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.api.smear import histogram, median_level
from leukokit.plugins.segment._basins import histograms
from leukokit.plugins.segment.smear.red_color import (
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    ColorDistance,
)
from leukokit.plugins.segment.smear.scaled_image import ScaledImage
from leukokit.plugins.segment.smear.stains import Plane, Stains

_BLUR, _MIN_BLUR = 0.03, 0.8  # standard deviation, in diameters and px
_BINS = 4  # of the histogram of gradients, a gray level
_STRIDE = 2  # px; step between the pixels that the median gradient is taken from
# Gradients are Sobel's: 8 for a slope of one gray level per px. The outline of a nucleus must be steeper than
# this multiple of the median gradient, and than this value.
_STEEPER, _CLEAR_STEP = 1.15, 18.0
# Nuclei are darker than glass, the 90th percentile of green, by 44 gray levels and more on six labs' smears,
# and by 26 where their contrast was halved; dust on bare glass by 14.
_GLASS, _MIN_CONTRAST = 0.9, 20
# Median scores of nuclei: shares of that of the image's median nucleus, and deviations from the red cells.
# On all-pbs that drops 63 % of smudges, and .3 % of what is purple.
_TYPICAL_SCORE, _PALE_SCORE, _MIN_SCORE = 0.7, 0.4, 3.0


def with_clear_outline(scaled: ScaledImage, nucleus: Mask, cells: LabelImage, ratio: float) -> Mask:
    """Find the cells whose nucleus has a clear outline.

    Gradients are measured before any median filter or white balance, which would turn noise into steps.

    Parameters
    ----------
    scaled : ScaledImage
    nucleus : bool array, h x w
    cells : int32 array, h x w
        0 outside, ids 1..n.
    ratio : float
        Smallest ratio of the mean gradient on the outlines of all nuclei to the median gradient of the image.

    Returns
    -------
    bool array (n + 1,)
    """
    green = np.asarray(cv2.extractChannel(scaled.pixels, 1), dtype=np.uint8)
    blur = max(_MIN_BLUR, _BLUR * scaled.units.diameter)
    smooth = np.asarray(cv2.GaussianBlur(green, (0, 0), blur), dtype=np.uint8)
    void = np.zeros((1, 1), np.bool_) if scaled.void is None else scaled.void
    counts, total, number, level, area = _gradients(smooth, nucleus, cells, void, scaled.void is not None)
    median_gradient = median_level(counts) / _BINS
    if total.sum() < ratio * median_gradient * number.sum():
        return np.zeros(len(total), np.bool_)
    glass = np.searchsorted(np.cumsum(histogram(green)), _GLASS * green.size)
    dark = level <= (glass - _MIN_CONTRAST) * area
    visible: Mask = dark & (total > max(_STEEPER * median_gradient, _CLEAR_STEP) * number)
    return visible


def with_nuclear_stain(
    stains: Stains, color_distance: ColorDistance, nucleus: Mask, cells: LabelImage, candidates: Mask
) -> Mask:
    """Find the cells whose nucleus is stained like a nucleus, and not like a smudge of burst cells.

    A nucleus passes if it is nearly as far from the red cells' color as the image's median nucleus. It also
    passes if it is darker than red cells and not much nearer to them in color: a pale cell beside dark ones.

    Parameters
    ----------
    stains : Stains
    color_distance : ColorDistance
        From the red cells' color.
    nucleus : bool array, h x w
    cells : int32 array, h x w
        0 outside, ids 1..n.
    candidates : bool array (n + 1,)
        Cells from which the typical stain of the image's nuclei is taken.

    Returns
    -------
    bool array (n + 1,)
    """
    if not candidates.any():
        return candidates
    nuclei = np.where(nucleus, cells, 0)
    scores = medians(nuclei, color_distance.score, len(candidates)) - SCORE_ZERO
    median_score = float(np.median(scores[candidates]))
    darker = medians(nuclei, stains.darkness, len(candidates)) > color_distance.red.median[2]
    min_score = max(_MIN_SCORE * SCORE_PER_DEVIATION, _PALE_SCORE * median_score)
    passed: Mask = (scores >= _TYPICAL_SCORE * median_score) | (darker & (scores >= min_score))
    return passed


def medians(labels: LabelImage, plane: Plane, size: int) -> NDArray[np.int64]:
    """Median level of a plane in each object, ids 0..size - 1; 0 where an object has no pixel."""
    counts = histograms(labels, plane)
    cumulative = np.cumsum(counts, axis=1)
    medians = (2 * cumulative >= cumulative[:, -1:]).argmax(axis=1)
    return np.pad(medians, (0, size - len(medians)))  # the last ids may have no pixel


@numba.njit(cache=True, nogil=True)
def _gradients(green: Plane, nucleus: Mask, cells: LabelImage, void: Mask, masked: bool) -> Any:
    """Histogram of gradients; by cell, sum and count of gradients on outlines, and of green on nuclei."""
    rows, columns = green.shape
    counts = np.zeros(1500 * _BINS, np.int64)
    size = 1
    for i in range(rows):
        for j in range(columns):
            size = max(size, cells[i, j] + 1)
    total = np.zeros(size)
    number = np.zeros(size, np.int64)
    level = np.zeros(size, np.int64)
    area = np.zeros(size, np.int64)
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            if masked and void[i, j]:
                continue
            inside, cell = nucleus[i, j], cells[i, j]
            if inside:
                level[cell] += green[i, j]
                area[cell] += 1
            rim = cell != 0 and (
                nucleus[i - 1, j] != inside
                or nucleus[i + 1, j] != inside
                or nucleus[i, j - 1] != inside
                or nucleus[i, j + 1] != inside
            )
            sampled = i % _STRIDE == 1 and j % _STRIDE == 1
            if not (rim or sampled):
                continue
            a, b, c = np.int32(green[i - 1, j - 1]), np.int32(green[i - 1, j]), np.int32(green[i - 1, j + 1])
            d, f = np.int32(green[i, j - 1]), np.int32(green[i, j + 1])
            g, h, k = np.int32(green[i + 1, j - 1]), np.int32(green[i + 1, j]), np.int32(green[i + 1, j + 1])
            across = c + 2 * f + k - a - 2 * d - g
            down = g + 2 * h + k - a - 2 * b - c
            gradient = np.sqrt(float(across * across + down * down))
            if sampled:
                counts[int(gradient * _BINS)] += 1
            if rim:
                total[cell] += gradient
                number[cell] += 1
    return counts, total, number, level, area
