"""Evidence of nuclei: their outlines are steps, those of thresholded noise are not."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.api.smear import histogram, median_level
from leukokit.plugins.segment._basins import histograms
from leukokit.plugins.segment.smear.picture import Picture
from leukokit.plugins.segment.smear.red_color import (
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    Likeness,
)
from leukokit.plugins.segment.smear.stains import Plane, Stains

_BLUR, _LEAST_BLUR = 0.03, 0.8  # standard deviation, in diameters and px
_BINS = 4  # of the histogram of gradients, a gray level
_STRIDE = 2  # px; from one to the next pixel that the median gradient is taken of
# Gradients are Sobel's, 8 a gray level a px. Of one nucleus: steeper than the median, and clear by itself.
_STEEPER, _CLEAR_STEP = 1.15, 18.0
# Nuclei are darker than glass, the 90th percentile of green, by 44 gray levels and more on six labs' smears,
# and by 26 where their contrast was halved; dust on bare glass by 14.
_GLASS, _LEAST_CONTRAST = 0.9, 20
# Median scores of nuclei: shares of that of the picture's median nucleus, and deviations from the red cells.
# On all-pbs that drops 63 % of smudges, and .3 % of what is purple.
_USUAL_SCORE, _PALE_SCORE, _LEAST_SCORE = 0.7, 0.4, 3.0


def has_nuclei(picture: Picture, nucleus: Mask, cells: LabelImage, ratio: float) -> Mask:
    """Tell which cells have a nucleus that can be seen.

    Asked of the picture as it is, before any median filter or white balance: these make steps of noise.

    Parameters
    ----------
    picture : Picture
    nucleus : bool array, h x w
    cells : int32 array, h x w
        0 outside, ids 1..n.
    ratio : float
        The outlines of all nuclei together must be this many times as steep as the median gradient.

    Returns
    -------
    bool array (n + 1,)
    """
    green = np.asarray(cv2.extractChannel(picture.pixels, 1), dtype=np.uint8)
    width = max(_LEAST_BLUR, _BLUR * picture.ruler.diameter)
    smooth = np.asarray(cv2.GaussianBlur(green, (0, 0), width), dtype=np.uint8)
    void = np.zeros((1, 1), np.bool_) if picture.void is None else picture.void
    counts, total, number, level, area = _gradients(smooth, nucleus, cells, void, picture.void is not None)
    usual = median_level(counts) / _BINS
    if total.sum() < ratio * usual * number.sum():
        return np.zeros(len(total), np.bool_)
    glass = np.searchsorted(np.cumsum(histogram(green)), _GLASS * green.size)
    dark = level <= (glass - _LEAST_CONTRAST) * area
    seen: Mask = dark & (total > max(_STEEPER * usual, _CLEAR_STEP) * number)
    return seen


def stained_as_nuclei(
    stains: Stains, likeness: Likeness, nucleus: Mask, cells: LabelImage, candidates: Mask
) -> Mask:
    """Tell which cells have a nucleus that is stained as nuclei are, and not as smudges of burst cells.

    A nucleus passes that is nearly as far from the red cells' color as the picture's median nucleus; or that
    is darker than red cells and not much nearer to them in color: a pale cell beside dark ones.

    Parameters
    ----------
    stains : Stains
    likeness : Likeness
        To the red cells' color.
    nucleus : bool array, h x w
    cells : int32 array, h x w
        0 outside, ids 1..n.
    candidates : bool array (n + 1,)
        Cells that tell how nuclei of this picture are stained.

    Returns
    -------
    bool array (n + 1,)
    """
    if not candidates.any():
        return candidates
    nuclei = np.where(nucleus, cells, 0)
    scores = medians(nuclei, likeness.score, len(candidates)) - SCORE_ZERO
    usual = float(np.median(scores[candidates]))
    darker = medians(nuclei, stains.darkness, len(candidates)) > likeness.red.middle[2]
    least = max(_LEAST_SCORE * SCORE_PER_DEVIATION, _PALE_SCORE * usual)
    passed: Mask = (scores >= _USUAL_SCORE * usual) | (darker & (scores >= least))
    return passed


def medians(labels: LabelImage, plane: Plane, size: int) -> NDArray[np.int64]:
    """Median level of a plane in each object, ids 0..size - 1; 0 where an object has no pixel."""
    counts = histograms(labels, plane)
    cumulative = np.cumsum(counts, axis=1)
    medians = (2 * cumulative >= cumulative[:, -1:]).argmax(axis=1)
    return np.pad(medians, (0, size - len(medians)))  # the last ids may have no pixel


@numba.njit(cache=True, nogil=True)
def _gradients(green: Plane, nucleus: Mask, cells: LabelImage, void: Mask, masked: bool) -> Any:
    """Histogram of gradients; by cell, their sum and number on nuclei's rims, and green's on nuclei."""
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
            here, cell = nucleus[i, j], cells[i, j]
            if here:
                level[cell] += green[i, j]
                area[cell] += 1
            rim = cell != 0 and (
                nucleus[i - 1, j] != here
                or nucleus[i + 1, j] != here
                or nucleus[i, j - 1] != here
                or nucleus[i, j + 1] != here
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
