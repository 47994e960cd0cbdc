"""Nuclei: the darkest stain among what is no red cell."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import Mask
from leukokit.api.smear import histogram, two_level_otsu, two_shades
from leukokit.plugins.segment._basins import histograms, measure, split_at_necks
from leukokit.plugins.segment._labels import clean, disk, opened
from leukokit.plugins.segment.smear.learn import WHITE_DISTANCE
from leukokit.plugins.segment.smear.picture import Ruler
from leukokit.plugins.segment.smear.red_color import Likeness
from leukokit.plugins.segment.smear.stains import Stains

WHITE_SCORE = 2.0
"""Ink this many deviations from the red cells toward the nuclei is of white cells."""
_PURPLE = 16  # R + B - 2 G, in gray levels, where no red cell's color is known
_SPECK, _HOLE = 0.06, 0.08  # red-cell areas
_OPENING = 0.04  # diameters
_OBJECT, _OBJECT_OPENING, _OBJECT_HOLE = 0.45, 0.1, 0.4  # red-cell areas, diameters, red-cell areas
_RIM = 0.04  # diameters
# Shares of the darker of an object's two shades, above that of glass. Below the first the two shades are
# texture: a blast that is all nucleus. Cells with both nucleus and cytoplasm have .4 and more. An object with
# less than a quarter of nucleus is pale beside dark ones; there, below the second.
_ONE_SHADE, _ONE_PALE_SHADE, _FEW = 0.3, 0.4, 0.25
_GLASS = 30  # levels of stain that glass has
_JOINED = 0.2  # diameters: pieces of nucleus nearer than twice this are of one cell
_FEWEST = 0.2  # red-cell areas
# (B - R) / darkness of two shades of nuclei differs by less, also on wbc-masks, where it spreads most (at .3,
# pieces of nuclei are lost there); nuclei and brown red cells differ by .5 and more.
_OTHER_HUE = 0.45
_HUES = 128  # levels a unit of hue
_GLASS_DARKNESS, _LEAST_DARKNESS = 20.0, 20.0


def white_ink(stains: Stains, likeness: Likeness | None) -> Mask:
    """Ink that is no red cell, bool h x w."""
    if likeness is None:
        red, green, blue = stains.colors
        both = cv2.add(red, blue, dtype=cv2.CV_16S)
        return stains.ink & (cv2.scaleAdd(green.astype(np.int16), -2.0, both) > _PURPLE)
    return stains.ink & likeness.beyond(WHITE_DISTANCE) & likeness.toward_nuclei(WHITE_SCORE)


def find_nuclei(
    stains: Stains, white: Mask, ruler: Ruler, neck: float, *, alone: bool, masked: bool = False
) -> Mask:
    """Find nuclei among white cells.

    Parameters
    ----------
    stains : Stains
    white : bool array, h x w
        Ink that is no red cell.
    ruler : Ruler
    alone : bool
        Whether each white object may also be thresholded by itself: pale cells beside dark ones. Only where
        red cells are told from white ones by their learned color.
    masked : bool
        Whether all ink is of white cells, whatever its hue.
    """
    levels = two_level_otsu(histogram(stains.stain, white | ~stains.ink))
    if levels is None:
        return np.zeros(white.shape, np.bool_)
    dark = white & (stains.stain > levels[1])
    nucleus = _tidy(dark if masked else _bluer(stains, dark), ruler)
    if alone:
        nucleus = _tidy(nucleus | _by_themselves(stains, white, nucleus, ruler, neck), ruler)
    return nucleus


def _bluer(stains: Stains, dark: Mask) -> Mask:
    """Of dark pixels leave out those that are much redder than the others.

    These are red cells, mostly where no circle told their color: the nuclear stain is bluer in every lab.
    """
    red, green, blue = (plane[dark].astype(np.float32) for plane in stains.colors)
    darkness = np.maximum(255 - _GLASS_DARKNESS - green, _LEAST_DARKNESS)
    hue = np.clip(_HUES * (1 + (blue - red) / darkness), 0, 2 * _HUES - 1).astype(np.uint8)
    redder, bluer = two_shades(histogram(hue)[None])[0]
    if bluer - redder < _OTHER_HUE * _HUES:
        return dark
    kept = dark.copy()
    kept[dark] = hue > (redder + bluer) / 2
    return kept


def _tidy(nucleus: Mask, ruler: Ruler) -> Mask:
    smooth = opened(nucleus, max(1, ruler.px(_OPENING)))
    return clean(smooth, max_hole=int(ruler.area(_HOLE)), min_area=int(ruler.area(_SPECK)))


def _by_themselves(stains: Stains, white: Mask, nucleus: Mask, ruler: Ruler, neck: float) -> Mask:
    """Threshold each white object by its own two shades."""
    objects = opened(white, max(1, ruler.px(_OBJECT_OPENING)))
    objects = clean(objects, max_hole=int(ruler.area(_OBJECT_HOLE)), min_area=int(ruler.area(_OBJECT)))
    parts = split_at_necks(np.ascontiguousarray(objects), neck)
    areas, nucleus_areas, _ = measure(parts, nucleus)
    # The blurred pixels at the rim are no shade of their own.
    inner = cv2.erode(objects.view(np.uint8), disk(max(1, ruler.px(_RIM))))
    light, dark = two_shades(histograms(np.where((inner > 0) & white, parts, 0), stains.stain)).T
    contrast = (dark - light) / np.maximum(dark - _GLASS, 1.0)
    few = nucleus_areas < _FEW * areas
    whole = (contrast < _ONE_SHADE) | (few & (contrast < _ONE_PALE_SHADE))
    thresholds = np.where(whole, 0.0, np.where(few, (light + dark) / 2, 255.0))
    thresholds[(areas < ruler.area(_OBJECT)) | (dark == 0)] = 255.0
    thresholds[0] = 255.0
    found: Mask = (stains.stain > thresholds.astype(np.uint8).take(parts)) & (parts > 0)
    return found


def typical_radius(nucleus: Mask, ruler: Ruler) -> float:
    """Radius of a disk as large as the median nucleus, lobes together, in px; 0 where there is none."""
    grown = cv2.dilate(nucleus.view(np.uint8), disk(max(1, ruler.px(_JOINED))))
    count, groups = cv2.connectedComponents(grown)
    areas = np.bincount(groups[nucleus], minlength=count)[1:]
    areas = areas[areas >= ruler.area(_FEWEST)]
    return float(np.sqrt(np.median(areas) / np.pi)) if len(areas) else 0.0
