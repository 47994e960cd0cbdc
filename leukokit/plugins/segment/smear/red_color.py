"""The color of red cells, learned in each picture, and how far each pixel is from it.

A fixed "bluer than" fails on gray or blue red cells and on every other stain; what is not the color of this
picture's red cells, toward this picture's darkest other pixels, holds for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Mask
from leukokit.api.smear import histogram, median_level, two_shades
from leukokit.plugins.segment.smear.stains import Plane, Stains

PER_DEVIATION = 16
"""Levels of ``Likeness.distance`` for one standard deviation."""
SCORE_PER_DEVIATION, SCORE_ZERO = 8, 64
"""Levels of ``Likeness.score`` for one standard deviation, and the level of the red cells' own color."""

# Color spreads that no picture is below: of B - R, (R + B) / 2 - G and 255 - G, in squared gray levels. The
# last one is large, as thickness and pallor change how dark a red cell is and not its hue.
_LEAST_SPREAD = np.diag([9.0, 9.0, 60.0])
_DISK = 0.85  # of a circle's radius: inside, without its edge
_SAME_HUE = 0.25  # hues of red cells differ by less
_MUCH_PALE = 0.2  # of the ink; less is rims
_GLASS, _LEAST_DARKNESS = 20.0, 20.0  # levels of 255 - G
_PALEST_CIRCLES = 0.25
_OUTLIERS = 3.5  # robust deviations
_FEWEST_PIXELS = 30
_OTHER = 3.0  # deviations beyond which a pixel is of something else

# Bins of the three color axes: B - R, R + B - 2 G (twice the second) and 255 - G.
_BINS = (511, 1021, 256)


@dataclass(frozen=True, slots=True)
class RedColor:
    """Median and covariance, float64 (3,) and (3, 3), of (B - R, (R + B) / 2 - G, 255 - G)."""

    middle: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far each pixel is from the red cells' color.

    Attributes
    ----------
    red : RedColor
    distance : uint8 array, h x w
        Mahalanobis distance, ``PER_DEVIATION`` levels a deviation, at most 255; 0 on bare glass.
    score : uint8 array, h x w
        Place along the line from the red cells to the nuclei (Fisher's direction), ``SCORE_ZERO`` at the
        red cells, ``SCORE_PER_DEVIATION`` levels a deviation; 0 on bare glass.
    """

    red: RedColor
    distance: Plane
    score: Plane

    def beyond(self, deviations: float) -> Mask:
        """Pixels farther than this from the red cells' color."""
        return self.distance > deviations * PER_DEVIATION

    def toward_nuclei(self, deviations: float) -> Mask:
        """Pixels at least this far along the line to the nuclei."""
        return self.score > deviations * SCORE_PER_DEVIATION + SCORE_ZERO


def color_in_circles(stains: Stains, circles: FloatArray) -> RedColor | None:
    """Learn the red cells' color from the circles that were measured; None where too few pixels are left.

    Parameters
    ----------
    stains : Stains
    circles : float array (n, 3)
        Row, column and radius, in px.
    """
    if not len(circles):
        return None
    circles = np.ascontiguousarray(circles, dtype=np.float64)
    medians = _circle_medians(*stains.colors, stains.stain, stains.ink, circles)
    known = np.isfinite(medians[:, 0])
    if not known.any():
        return None
    circles, medians = circles[known], medians[known]
    # Round white cells get circles too. They are stained more than red cells, whatever the stain.
    palest = medians[:, 3] <= np.quantile(medians[:, 3], _PALEST_CIRCLES)
    hues = _hues(medians)
    alike = (np.abs(hues - np.median(hues[palest], axis=0)) < _SAME_HUE).all(axis=1)
    inside = np.zeros(stains.ink.shape, np.uint8)
    for row, column, radius in circles[alike]:
        cv2.circle(inside, (round(column), round(row)), max(2, int(radius * _DISK)), 1, -1)
    in_circles = (inside > 0) & stains.ink
    red = color_of(stains, in_circles, trim=True)
    return None if red is None else _paler_ink(stains, red, in_circles) or red


def _hues(colors: FloatArray) -> FloatArray:
    """Hue that does not change with thickness: the first two axes over the third, glass at zero, (n, 2)."""
    hues: FloatArray = colors[..., :2] / np.maximum(colors[..., 2:3] - _GLASS, _LEAST_DARKNESS)
    return hues


def _paler_ink(stains: Stains, red: RedColor, in_circles: Mask) -> RedColor | None:
    """Color of the paler ink, where that has another hue than the circles: all of these are white cells.

    None where the circles are of the paler ink, or of the same hue as that and only thicker.
    """
    light, dark = two_shades(histogram(stains.stain, stains.ink)[None])[0]
    middle = (light + dark) / 2
    if median_level(histogram(stains.stain, in_circles)) <= middle:
        return None
    pale = stains.ink & (stains.stain <= middle)
    if np.count_nonzero(pale) < _MUCH_PALE * np.count_nonzero(stains.ink):
        return None
    paler = color_of(stains, pale, trim=True)
    if paler is None or (np.abs(_hues(red.middle) - _hues(paler.middle)) < _SAME_HUE).all():
        return None
    return paler


def color_of(stains: Stains, pixels: Mask, *, trim: bool) -> RedColor | None:
    """Median and spread of the color of some pixels.

    Parameters
    ----------
    stains : Stains
    pixels : bool array, h x w
    trim : bool
        Whether pixels far from the median are left out.

    Returns
    -------
    RedColor or None
        None where there are fewer than 30 pixels.
    """
    middle, spread, covariance, count = _color(*stains.colors, pixels, _NO_LIMITS)
    if count < _FEWEST_PIXELS:
        return None
    if trim:
        limits = np.array([middle, _OUTLIERS * 1.5 * np.maximum(spread, 2.0)], dtype=np.float64)
        middle, _, covariance, _ = _color(*stains.colors, pixels, limits)
    return RedColor(middle, covariance + _LEAST_SPREAD)


_NO_LIMITS = np.array([[0.0, 0.0, 0.0], [1e9, 1e9, 1e9]])
_NO_LIMITS.setflags(write=False)


def compare(stains: Stains, red: RedColor, dark: int, enough: float) -> Likeness:
    """Measure how far each pixel is from the red cells' color.

    Parameters
    ----------
    stains : Stains
    red : RedColor
    dark : int
        Level of ``stain`` above which pixels may be of nuclei.
    enough : float
        Fewer px than this do not say where the nuclei's color is; the line then goes up both axes of hue.
    """
    inverse = np.asarray(np.linalg.inv(red.covariance), dtype=np.float64)
    hue = red.covariance[:2, :2]
    deviations = np.sqrt(np.diag(hue))
    seen = stains.ink | stains.pale
    distance, others, count = _distances(
        *stains.colors, stains.stain, stains.ink, seen, red.middle, inverse, deviations, dark, _OTHER
    )
    away = others if count > enough else deviations
    weights = np.linalg.solve(hue, away)
    weights /= np.sqrt(weights @ hue @ weights)
    return Likeness(red, distance, _scores(*stains.colors, seen, red.middle, weights))


@numba.njit(cache=True, nogil=True)
def _middle_bin(counts: NDArray[np.int64]) -> Any:
    """Bin of the median (the lower one of two), -1 where all are empty."""
    total = counts.sum()
    seen = 0
    for k in range(counts.size):
        seen += counts[k]
        if total and 2 * seen >= total:
            return k
    return -1


@numba.njit(cache=True, nogil=True)
def _circle_medians(
    red: Plane, green: Plane, blue: Plane, stain: Plane, ink: Mask, circles: FloatArray
) -> Any:
    """Median color and stain of the ink in each circle, (n, 4); NaN of fewer than nine pixels."""
    out = np.full((len(circles), 4), np.nan)
    for n in range(len(circles)):
        row, column, radius = circles[n, 0], circles[n, 1], circles[n, 2] * 0.85
        first = np.zeros(511, np.int64)
        second = np.zeros(1021, np.int64)
        third = np.zeros(256, np.int64)
        fourth = np.zeros(256, np.int64)
        count = 0
        for i in range(max(0, int(row - radius)), min(red.shape[0], int(row + radius) + 2)):
            for j in range(max(0, int(column - radius)), min(red.shape[1], int(column + radius) + 2)):
                if ink[i, j] and (i - row) ** 2 + (j - column) ** 2 <= radius * radius:
                    r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
                    first[b - r + 255] += 1
                    second[r + b - 2 * g + 510] += 1
                    third[255 - g] += 1
                    fourth[stain[i, j]] += 1
                    count += 1
        if count > 8:
            out[n, 0] = _middle_bin(first) - 255
            out[n, 1] = (_middle_bin(second) - 510) / 2
            out[n, 2] = _middle_bin(third)
            out[n, 3] = _middle_bin(fourth)
    return out


@numba.njit(cache=True, nogil=True)
def _color(red: Plane, green: Plane, blue: Plane, pixels: Mask, limits: FloatArray) -> Any:
    """Medians of the three axes, median absolute deviations, covariance, and the number of pixels.

    Pixels off ``limits[0]`` by ``limits[1]`` or more on any axis are left out.
    """
    first = np.zeros(511, np.int64)
    second = np.zeros(1021, np.int64)
    third = np.zeros(256, np.int64)
    total = np.zeros(3, np.int64)
    product = np.zeros((3, 3), np.int64)
    count = 0
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if pixels[i, j]:
                r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
                x, y, z = b - r, r + b - 2 * g, 255 - g
                if (
                    abs(x - limits[0, 0]) < limits[1, 0]
                    and abs(0.5 * y - limits[0, 1]) < limits[1, 1]
                    and abs(z - limits[0, 2]) < limits[1, 2]
                ):
                    first[x + 255] += 1
                    second[y + 510] += 1
                    third[z] += 1
                    total[0] += x
                    total[1] += y
                    total[2] += z
                    product[0, 0] += x * x
                    product[1, 0] += x * y
                    product[1, 1] += y * y
                    product[2, 0] += x * z
                    product[2, 1] += y * z
                    product[2, 2] += z * z
                    count += 1
    middle = np.zeros(3)
    spread = np.zeros(3)
    covariance = np.zeros((3, 3))
    if count > 1:
        bins = (_middle_bin(first), _middle_bin(second), _middle_bin(third))
        middle[0], middle[1], middle[2] = bins[0] - 255, (bins[1] - 510) / 2, bins[2]
        spread[0] = _deviation(first, bins[0])
        spread[1] = _deviation(second, bins[1]) / 2
        spread[2] = _deviation(third, bins[2])
        half = (1.0, 0.5, 1.0)  # the second axis is counted in halves
        for m in range(3):
            for n in range(m + 1):
                covaried = (product[m, n] - total[m] / count * total[n]) / (count - 1)
                covariance[m, n] = covariance[n, m] = half[m] * half[n] * covaried
    return middle, spread, covariance, count


@numba.njit(cache=True, nogil=True)
def _deviation(counts: NDArray[np.int64], middle: int) -> Any:
    """Median distance from a bin, in bins."""
    folded = np.zeros(counts.size, np.int64)
    for k in range(counts.size):
        folded[abs(k - middle)] += counts[k]
    return _middle_bin(folded)


@numba.njit(cache=True, nogil=True)
def _distances(
    red: Plane,
    green: Plane,
    blue: Plane,
    stain: Plane,
    ink: Mask,
    seen: Mask,
    middle: FloatArray,
    inverse: FloatArray,
    deviations: FloatArray,
    dark: int,
    other: float,
) -> Any:
    """Quantized distances, and the median hue, from the red cells', of dark ink of another color."""
    out = np.zeros(red.shape, np.uint8)
    first = np.zeros(1023, np.int64)
    second = np.zeros(2043, np.int64)
    m0, m1, m2 = middle[0], middle[1], middle[2]
    a, b_, c = inverse[0, 0], inverse[1, 1], inverse[2, 2]
    d, e, f = 2 * inverse[0, 1], 2 * inverse[0, 2], 2 * inverse[1, 2]
    count = 0
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if not seen[i, j]:
                continue
            r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
            x, y, z = b - r - m0, 0.5 * (r + b) - g - m1, 255 - g - m2
            square = a * x * x + b_ * y * y + c * z * z + d * x * y + e * x * z + f * y * z
            distance = np.sqrt(max(square, 0.0))
            out[i, j] = int(min(16.0 * distance, 255.0))
            if (
                ink[i, j]
                and distance > other
                and stain[i, j] > dark
                and x / deviations[0] + y / deviations[1] > 0.0
            ):
                first[int(x) + 511] += 1
                second[int(2 * y) + 1021] += 1
                count += 1
    away = np.zeros(2)
    if count:
        away[0], away[1] = _middle_bin(first) - 511, (_middle_bin(second) - 1021) / 2
    return out, away, count


@numba.njit(cache=True, nogil=True)
def _scores(
    red: Plane, green: Plane, blue: Plane, seen: Mask, middle: FloatArray, weights: FloatArray
) -> Any:
    out = np.zeros(red.shape, np.uint8)
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if not seen[i, j]:
                continue
            r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
            score = weights[0] * (b - r - middle[0]) + weights[1] * (0.5 * (r + b) - g - middle[1])
            out[i, j] = int(min(max(8.0 * score + 64.0, 0.0), 255.0))
    return out
