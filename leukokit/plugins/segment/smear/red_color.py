"""The color of red cells, learned in each image, and how far each pixel is from it.

A fixed threshold of hue fails on gray or blue red cells and on other stains. The distance from the color of
the image's own red cells, in the direction of the darkest pixels of another color, works for all stains.
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
"""Levels of ``ColorDistance.distance`` for one standard deviation."""
SCORE_PER_DEVIATION, SCORE_ZERO = 8, 64
"""Levels of ``ColorDistance.score`` for one standard deviation, and the level of the red cells' own color."""

# Smallest variances of B - R, (R + B) / 2 - G and 255 - G, in squared gray levels. The last one is large,
# since thickness and pallor change how dark a red cell is and not its hue.
_MIN_COVARIANCE = np.diag([9.0, 9.0, 60.0])
_INNER_DISK = 0.85  # of a circle's radius: the cell without its edge
_SAME_HUE = 0.25  # hues of red cells differ by less
_MIN_PALE_SHARE = 0.2  # of the foreground; a smaller pale part is the rims of cells
_GLASS, _MIN_DARKNESS = 20.0, 20.0  # levels of 255 - G
_PALEST_CIRCLES = 0.25
_OUTLIERS = 3.5  # robust standard deviations
_MIN_PIXELS = 30
_OTHER_COLOR = 3.0  # standard deviations beyond which a pixel has another color than red cells

# Bins of the three color axes: B - R, R + B - 2 G (twice the second) and 255 - G.
_BINS = (511, 1021, 256)


@dataclass(frozen=True, slots=True)
class RedColor:
    """Median and covariance, float64 (3,) and (3, 3), of (B - R, (R + B) / 2 - G, 255 - G)."""

    median: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True)
class ColorDistance:
    """How far each pixel is from the red cells' color.

    Attributes
    ----------
    red : RedColor
    distance : uint8 array, h x w
        Mahalanobis distance, ``PER_DEVIATION`` levels a deviation, at most 255; 0 on bare glass.
    score : uint8 array, h x w
        Position along the line from the red cells' color to the nuclei's (Fisher's discriminant),
        ``SCORE_ZERO`` at the red cells, ``SCORE_PER_DEVIATION`` levels a deviation; 0 on bare glass.
    """

    red: RedColor
    distance: Plane
    score: Plane

    def beyond(self, deviations: float) -> Mask:
        """Pixels farther than so many standard deviations from the red cells' color."""
        return self.distance > deviations * PER_DEVIATION

    def toward_nuclei(self, deviations: float) -> Mask:
        """Pixels more than so many standard deviations along the line to the nuclei."""
        return self.score > deviations * SCORE_PER_DEVIATION + SCORE_ZERO


def color_in_circles(stains: Stains, circles: FloatArray) -> RedColor | None:
    """Learn the red cells' color from circles; None where too few pixels are left.

    Parameters
    ----------
    stains : Stains
    circles : float array (n, 3)
        Row, column and radius, in px.
    """
    if not len(circles):
        return None
    circles = np.ascontiguousarray(circles, dtype=np.float64)
    medians = _circle_medians(*stains.colors, stains.stain, stains.foreground, circles)
    valid = np.isfinite(medians[:, 0])
    if not valid.any():
        return None
    circles, medians = circles[valid], medians[valid]
    # Circles are also found on round white cells. These are more stained than red cells, whatever the stain.
    pale = medians[:, 3] <= np.quantile(medians[:, 3], _PALEST_CIRCLES)
    hues = _hues(medians)
    alike = (np.abs(hues - np.median(hues[pale], axis=0)) < _SAME_HUE).all(axis=1)
    inside = np.zeros(stains.foreground.shape, np.uint8)
    for row, column, radius in circles[alike]:
        cv2.circle(inside, (round(column), round(row)), max(2, int(radius * _INNER_DISK)), 1, -1)
    in_circles = (inside > 0) & stains.foreground
    red = color_statistics(stains, in_circles, trim=True)
    return None if red is None else _paler_foreground(stains, red, in_circles) or red


def _hues(colors: FloatArray) -> FloatArray:
    """Hue that does not depend on thickness: the first two axes divided by the third, less glass, (n, 2)."""
    hues: FloatArray = colors[..., :2] / np.maximum(colors[..., 2:3] - _GLASS, _MIN_DARKNESS)
    return hues


def _paler_foreground(stains: Stains, red: RedColor, in_circles: Mask) -> RedColor | None:
    """Color of the paler foreground, if it has another hue than the circles, which then lie on white cells.

    None where the circles lie on the paler foreground, or on thicker cells of the same hue.
    """
    light, dark = two_shades(histogram(stains.stain, stains.foreground)[None])[0]
    midpoint = (light + dark) / 2
    if median_level(histogram(stains.stain, in_circles)) <= midpoint:
        return None
    pale = stains.foreground & (stains.stain <= midpoint)
    if np.count_nonzero(pale) < _MIN_PALE_SHARE * np.count_nonzero(stains.foreground):
        return None
    paler = color_statistics(stains, pale, trim=True)
    if paler is None or (np.abs(_hues(red.median) - _hues(paler.median)) < _SAME_HUE).all():
        return None
    return paler


def color_statistics(stains: Stains, pixels: Mask, *, trim: bool) -> RedColor | None:
    """Median and covariance of the color of some pixels.

    Parameters
    ----------
    stains : Stains
    pixels : bool array, h x w
    trim : bool
        Whether outliers are left out.

    Returns
    -------
    RedColor or None
        None where there are fewer than 30 pixels.
    """
    median, spread, covariance, count = _color(*stains.colors, pixels, _NO_LIMITS)
    if count < _MIN_PIXELS:
        return None
    if trim:
        limits = np.array([median, _OUTLIERS * 1.5 * np.maximum(spread, 2.0)], dtype=np.float64)
        median, _, covariance, _ = _color(*stains.colors, pixels, limits)
    return RedColor(median, covariance + _MIN_COVARIANCE)


_NO_LIMITS = np.array([[0.0, 0.0, 0.0], [1e9, 1e9, 1e9]])
_NO_LIMITS.setflags(write=False)


def measure_color_distance(stains: Stains, red: RedColor, dark: int, min_pixels: float) -> ColorDistance:
    """Measure how far each pixel is from the red cells' color.

    Parameters
    ----------
    stains : Stains
    red : RedColor
    dark : int
        Level of ``stain`` above which pixels may belong to nuclei.
    min_pixels : float
        Fewest such pixels from which the nuclei's color is taken; with fewer, the line goes along both axes
        of hue alike.
    """
    inverse = np.asarray(np.linalg.inv(red.covariance), dtype=np.float64)
    hue = red.covariance[:2, :2]
    deviations = np.sqrt(np.diag(hue))
    pixels = stains.foreground | stains.pale
    distance, other_hue, count = _distances(
        *stains.colors,
        stains.stain,
        stains.foreground,
        pixels,
        red.median,
        inverse,
        deviations,
        dark,
        _OTHER_COLOR,
    )
    direction = other_hue if count > min_pixels else deviations
    weights = np.linalg.solve(hue, direction)
    weights /= np.sqrt(weights @ hue @ weights)
    return ColorDistance(red, distance, _scores(*stains.colors, pixels, red.median, weights))


@numba.njit(cache=True, nogil=True)
def _median_bin(counts: NDArray[np.int64]) -> Any:
    """Bin of the (lower) median, -1 where all bins are empty."""
    total = counts.sum()
    cumulative = 0
    for k in range(counts.size):
        cumulative += counts[k]
        if total and 2 * cumulative >= total:
            return k
    return -1


@numba.njit(cache=True, nogil=True)
def _circle_medians(
    red: Plane, green: Plane, blue: Plane, stain: Plane, foreground: Mask, circles: FloatArray
) -> Any:
    """Median color and stain of the foreground in each circle, (n, 4); NaN for fewer than nine pixels."""
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
                if foreground[i, j] and (i - row) ** 2 + (j - column) ** 2 <= radius * radius:
                    r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
                    first[b - r + 255] += 1
                    second[r + b - 2 * g + 510] += 1
                    third[255 - g] += 1
                    fourth[stain[i, j]] += 1
                    count += 1
        if count > 8:
            out[n, 0] = _median_bin(first) - 255
            out[n, 1] = (_median_bin(second) - 510) / 2
            out[n, 2] = _median_bin(third)
            out[n, 3] = _median_bin(fourth)
    return out


@numba.njit(cache=True, nogil=True)
def _color(red: Plane, green: Plane, blue: Plane, pixels: Mask, limits: FloatArray) -> Any:
    """Medians of the three axes, median absolute deviations, covariance, and the number of pixels.

    Pixels that differ from ``limits[0]`` by ``limits[1]`` or more on any axis are left out.
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
    median = np.zeros(3)
    spread = np.zeros(3)
    covariance = np.zeros((3, 3))
    if count > 1:
        bins = (_median_bin(first), _median_bin(second), _median_bin(third))
        median[0], median[1], median[2] = bins[0] - 255, (bins[1] - 510) / 2, bins[2]
        spread[0] = _deviation(first, bins[0])
        spread[1] = _deviation(second, bins[1]) / 2
        spread[2] = _deviation(third, bins[2])
        half = (1.0, 0.5, 1.0)  # the second axis is counted in halves
        for m in range(3):
            for n in range(m + 1):
                covaried = (product[m, n] - total[m] / count * total[n]) / (count - 1)
                covariance[m, n] = covariance[n, m] = half[m] * half[n] * covaried
    return median, spread, covariance, count


@numba.njit(cache=True, nogil=True)
def _deviation(counts: NDArray[np.int64], median: int) -> Any:
    """Median absolute distance from a bin, in bins."""
    folded = np.zeros(counts.size, np.int64)
    for k in range(counts.size):
        folded[abs(k - median)] += counts[k]
    return _median_bin(folded)


@numba.njit(cache=True, nogil=True)
def _distances(
    red: Plane,
    green: Plane,
    blue: Plane,
    stain: Plane,
    foreground: Mask,
    pixels: Mask,
    median: FloatArray,
    inverse: FloatArray,
    deviations: FloatArray,
    dark: int,
    other: float,
) -> Any:
    """Quantized distances; of dark foreground of another color the median hue and the number of pixels."""
    out = np.zeros(red.shape, np.uint8)
    first = np.zeros(1023, np.int64)
    second = np.zeros(2043, np.int64)
    m0, m1, m2 = median[0], median[1], median[2]
    a, b_, c = inverse[0, 0], inverse[1, 1], inverse[2, 2]
    d, e, f = 2 * inverse[0, 1], 2 * inverse[0, 2], 2 * inverse[1, 2]
    count = 0
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if not pixels[i, j]:
                continue
            r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
            x, y, z = b - r - m0, 0.5 * (r + b) - g - m1, 255 - g - m2
            square = a * x * x + b_ * y * y + c * z * z + d * x * y + e * x * z + f * y * z
            distance = np.sqrt(max(square, 0.0))
            out[i, j] = int(min(16.0 * distance, 255.0))
            if (
                foreground[i, j]
                and distance > other
                and stain[i, j] > dark
                and x / deviations[0] + y / deviations[1] > 0.0
            ):
                first[int(x) + 511] += 1
                second[int(2 * y) + 1021] += 1
                count += 1
    hue = np.zeros(2)
    if count:
        hue[0], hue[1] = _median_bin(first) - 511, (_median_bin(second) - 1021) / 2
    return out, hue, count


@numba.njit(cache=True, nogil=True)
def _scores(
    red: Plane, green: Plane, blue: Plane, pixels: Mask, median: FloatArray, weights: FloatArray
) -> Any:
    out = np.zeros(red.shape, np.uint8)
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if not pixels[i, j]:
                continue
            r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
            score = weights[0] * (b - r - median[0]) + weights[1] * (0.5 * (r + b) - g - median[1])
            out[i, j] = int(min(max(8.0 * score + 64.0, 0.0), 255.0))
    return out
