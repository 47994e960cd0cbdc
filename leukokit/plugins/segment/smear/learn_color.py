"""Learning the red cells' color: first from circles, then from all foreground far from white cells."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import FloatArray, Mask
from leukokit.api.smear import histogram, two_level_otsu, two_shades
from leukokit.plugins.segment._labels import disk, opened
from leukokit.plugins.segment.smear.red_color import (
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    ColorDistance,
    color_in_circles,
    color_statistics,
    measure_color_distance,
)
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits
from leukokit.plugins.segment.smear.stains import Stains

WHITE_DISTANCE = 2.5
"""Foreground that differs from the red cells' color by more standard deviations belongs to white cells."""

_SCORES = 2.5, 5.0  # standard deviations; range that Otsu's threshold of the score is limited to
_OPENING = 0.12  # diameters: thinner objects are no white cells
_DISTANCES_AWAY = (
    0.9,
    0.5,
    0.2,
)  # diameters from white cells; the first that leaves enough foreground is used
_MIN_SHARE = 0.02  # of the image
_FEW_NUCLEI = 0.15  # red-cell areas


def distance_from_red_cells(stains: Stains, circles: FloatArray, units: RedCellUnits) -> ColorDistance | None:
    """Learn the red cells' color and measure how far each pixel is from it.

    Circles are found on round red cells that touch no other cell. The color is therefore learned again, from
    all foreground that is scored below Otsu's threshold and lies away from white cells.

    Parameters
    ----------
    stains : Stains
    circles : float array (n, 3)
        Row, column and radius of red cells, in px of the image.
    units : RedCellUnits

    Returns
    -------
    ColorDistance or None
        None where no circle gives a color.
    """
    red = color_in_circles(stains, circles)
    if red is None:
        return None
    dark, few = dark_level(stains), units.area(_FEW_NUCLEI)
    first = measure_color_distance(stains, red, dark, few)
    light, deep = two_shades(histogram(first.score, stains.foreground)[None])[0]
    low, high = (SCORE_ZERO + SCORE_PER_DEVIATION * score for score in _SCORES)
    threshold = min(max((light + deep) / 2, low), high)
    above = first.score >= threshold
    white = opened(stains.foreground & above & first.beyond(WHITE_DISTANCE), max(1, units.px(_OPENING)))
    rest = foreground_interior(stains) & ~above
    distance = distance_to(white)
    for gap in _DISTANCES_AWAY:
        far = rest & (distance > gap * units.diameter)
        if np.count_nonzero(far) > _MIN_SHARE * far.size:
            refined = color_statistics(stains, far, trim=False)
            return first if refined is None else measure_color_distance(stains, refined, dark, few)
    return first


def distance_from_far_foreground(
    nucleus_distance: FloatArray, reach: float, stains: Stains, units: RedCellUnits
) -> ColorDistance | None:
    """Learn the red cells' color without circles, from the foreground outside the reach of white cells.

    Parameters
    ----------
    nucleus_distance : float32 array, h x w
        Distance to the next nucleus, in px.
    reach : float
        Width of the cytoplasm around a nucleus, in px.
    """
    far = (nucleus_distance > reach + 0.15 * units.diameter) & foreground_interior(stains)
    if np.count_nonzero(far) <= 0.01 * far.size:
        return None
    red = color_statistics(stains, far, trim=True)
    return (
        None
        if red is None
        else measure_color_distance(stains, red, dark_level(stains), units.area(_FEW_NUCLEI))
    )


def dark_level(stains: Stains) -> int:
    """Level of ``stain`` above which pixels may belong to nuclei: the higher of two Otsu thresholds."""
    levels = two_level_otsu(histogram(stains.stain))
    return 255 if levels is None else levels[1]


def foreground_interior(stains: Stains) -> Mask:
    """Foreground without the blurred pixels at its edge."""
    return np.asarray(cv2.erode(stains.foreground.view(np.uint8), disk(1)), dtype=np.uint8).view(np.bool_)


def distance_to(mask: Mask) -> FloatArray:
    """Distance of each pixel to a mask, float32 h x w, in px; infinite where the mask is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    outside = np.asarray(~mask, dtype=np.bool_).view(np.uint8)
    return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_3))
