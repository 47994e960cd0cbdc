"""Learning the red cells' color: first from circles, then from all ink that lies far from white cells."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import FloatArray, Mask
from leukokit.api.smear import histogram, two_level_otsu, two_shades
from leukokit.plugins.segment._labels import disk, opened
from leukokit.plugins.segment.smear.picture import Ruler
from leukokit.plugins.segment.smear.red_color import (
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    Likeness,
    color_in_circles,
    color_of,
    compare,
)
from leukokit.plugins.segment.smear.stains import Stains

WHITE_DISTANCE = 2.5
"""Ink this many deviations off the red cells' color is of white cells."""

_SCORES = 2.5, 5.0  # deviations; where Otsu's threshold of the score may lie
_OPENING = 0.12  # diameters: what is thinner is no white cell
_AWAY = (0.9, 0.5, 0.2)  # diameters from white cells, as far as enough ink is left
_ENOUGH = 0.02  # of the picture
_FEW_NUCLEI = 0.15  # red-cell areas


def red_cell_likeness(stains: Stains, circles: FloatArray, ruler: Ruler) -> Likeness | None:
    """Learn the red cells' color and compare each pixel with it.

    Circles find only round red cells that lie free. The color is therefore learned again, from all ink that
    is scored below Otsu's threshold and lies away from white cells.

    Parameters
    ----------
    stains : Stains
    circles : float array (n, 3)
        Row, column and radius of red cells, in px of the picture.
    ruler : Ruler

    Returns
    -------
    Likeness or None
        None where no circle tells the color.
    """
    red = color_in_circles(stains, circles)
    if red is None:
        return None
    dark, few = dark_level(stains), ruler.area(_FEW_NUCLEI)
    first = compare(stains, red, dark, few)
    light, deep = two_shades(histogram(first.score, stains.ink)[None])[0]
    least, most = (SCORE_ZERO + SCORE_PER_DEVIATION * score for score in _SCORES)
    threshold = min(max((light + deep) / 2, least), most)
    above = first.score >= threshold
    white = opened(stains.ink & above & first.beyond(WHITE_DISTANCE), max(1, ruler.px(_OPENING)))
    rest = whole_ink(stains) & ~above
    distance = distance_to(white)
    for away in _AWAY:
        far = rest & (distance > away * ruler.diameter)
        if np.count_nonzero(far) > _ENOUGH * far.size:
            again = color_of(stains, far, trim=False)
            return first if again is None else compare(stains, again, dark, few)
    return first


def likeness_far_from(
    nucleus_distance: FloatArray, reach: float, stains: Stains, ruler: Ruler
) -> Likeness | None:
    """Learn the red cells' color without circles, from the ink that no white cell reaches.

    Parameters
    ----------
    nucleus_distance : float32 array, h x w
        Distance to the next nucleus, in px.
    reach : float
        How far a cell reaches past its nucleus, in px.
    """
    far = (nucleus_distance > reach + 0.15 * ruler.diameter) & whole_ink(stains)
    if np.count_nonzero(far) <= 0.01 * far.size:
        return None
    red = color_of(stains, far, trim=True)
    return None if red is None else compare(stains, red, dark_level(stains), ruler.area(_FEW_NUCLEI))


def dark_level(stains: Stains) -> int:
    """Level of ``stain`` above which pixels may be of nuclei: the higher one of two thresholds of Otsu."""
    levels = two_level_otsu(histogram(stains.stain))
    return 255 if levels is None else levels[1]


def whole_ink(stains: Stains) -> Mask:
    """Ink without the blurred pixels at its edge."""
    return np.asarray(cv2.erode(stains.ink.view(np.uint8), disk(1)), dtype=np.uint8).view(np.bool_)


def distance_to(mask: Mask) -> FloatArray:
    """Distance of each pixel to a mask, float32 h x w, in px; infinite where the mask is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    outside = np.asarray(~mask, dtype=np.bool_).view(np.uint8)
    return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_3))
