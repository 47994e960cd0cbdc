"""Nuclei: the most stained part of the foreground that is not of red cells."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import Mask
from leukokit.api.smear import histogram, two_level_otsu, two_shades
from leukokit.plugins.segment._basins import histograms, measure, split_at_necks
from leukokit.plugins.segment._labels import clean, disk, opened
from leukokit.plugins.segment.smear.learn_color import WHITE_DISTANCE
from leukokit.plugins.segment.smear.red_color import ColorDistance
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits
from leukokit.plugins.segment.smear.stains import Stains

WHITE_SCORE = 2.0
"""Foreground at least so many standard deviations from the red cells toward the nuclei is of white cells."""
_PURPLE = 16  # R + B - 2 G, in gray levels, where no red cell's color is known
_SPECK, _HOLE = 0.06, 0.08  # red-cell areas
_OPENING = 0.04  # diameters
_OBJECT, _OBJECT_OPENING, _OBJECT_HOLE = 0.45, 0.1, 0.4  # red-cell areas, diameters, red-cell areas
_RIM = 0.04  # diameters
# Difference of an object's two shades, as a share of the darker one (glass subtracted). Below the first value
# the two shades are texture: a blast that is all nucleus. Cells with nucleus and cytoplasm have .4 and more.
# The second value holds for objects with less than a quarter of nucleus: pale cells beside dark ones.
_ONE_SHADE_CONTRAST, _PALE_SHADE_CONTRAST, _LOW_NUCLEUS_SHARE = 0.3, 0.4, 0.25
_GLASS = 30  # levels of stain that glass has
_LOBE_DISTANCE = 0.2  # diameters: pieces of nucleus closer than twice this belong to one cell
_MIN_NUCLEUS = 0.2  # red-cell areas
# Difference of (B - R) / darkness. Two shades of nuclei differ by less, also on wbc-masks, which vary most
# (at .3, pieces of nuclei are lost there); nuclei and brown red cells differ by .5 and more.
_MIN_HUE_GAP = 0.45
_HUES = 128  # levels a unit of hue
_GLASS_DARKNESS, _MIN_DARKNESS = 20.0, 20.0


def white_cell_foreground(stains: Stains, color_distance: ColorDistance | None) -> Mask:
    """Foreground that is not of red cells, bool h x w."""
    if color_distance is None:
        red, green, blue = stains.colors
        both = cv2.add(red, blue, dtype=cv2.CV_16S)
        return stains.foreground & (cv2.scaleAdd(green.astype(np.int16), -2.0, both) > _PURPLE)
    return (
        stains.foreground & color_distance.beyond(WHITE_DISTANCE) & color_distance.toward_nuclei(WHITE_SCORE)
    )


def find_nuclei(
    stains: Stains, white: Mask, units: RedCellUnits, neck: float, *, per_object: bool, cut_out: bool = False
) -> Mask:
    """Find nuclei among white cells.

    Parameters
    ----------
    stains : Stains
    white : bool array, h x w
        Foreground that is not of red cells.
    units : RedCellUnits
    neck : float
        As in :func:`split_at_necks`.
    per_object : bool
        Whether each object is also thresholded by itself, which finds pale cells beside dark ones. Only where
        the red cells' color is known.
    cut_out : bool
        Whether the image was cut out along its cells, so that all foreground is of white cells.
    """
    levels = two_level_otsu(histogram(stains.stain, white | ~stains.foreground))
    if levels is None:
        return np.zeros(white.shape, np.bool_)
    dark = white & (stains.stain > levels[1])
    nucleus = _smoothed(dark if cut_out else _without_red_hue(stains, dark), units)
    if per_object:
        nucleus = _smoothed(nucleus | _threshold_by_object(stains, white, nucleus, units, neck), units)
    return nucleus


def _without_red_hue(stains: Stains, dark: Mask) -> Mask:
    """Leave out dark pixels that are much redder than the other dark pixels.

    They are red cells, mostly in images where no circle gave their color: the nuclear stain is bluer in
    every lab.
    """
    red, green, blue = (plane[dark].astype(np.float32) for plane in stains.colors)
    darkness = np.maximum(255 - _GLASS_DARKNESS - green, _MIN_DARKNESS)
    hue = np.clip(_HUES * (1 + (blue - red) / darkness), 0, 2 * _HUES - 1).astype(np.uint8)
    redder, bluer = two_shades(histogram(hue)[None])[0]
    if bluer - redder < _MIN_HUE_GAP * _HUES:
        return dark
    kept = dark.copy()
    kept[dark] = hue > (redder + bluer) / 2
    return kept


def _smoothed(nucleus: Mask, units: RedCellUnits) -> Mask:
    smooth = opened(nucleus, max(1, units.px(_OPENING)))
    return clean(smooth, max_hole=int(units.area(_HOLE)), min_area=int(units.area(_SPECK)))


def _threshold_by_object(
    stains: Stains, white: Mask, nucleus: Mask, units: RedCellUnits, neck: float
) -> Mask:
    """Threshold each white object by its own two shades."""
    objects = opened(white, max(1, units.px(_OBJECT_OPENING)))
    objects = clean(objects, max_hole=int(units.area(_OBJECT_HOLE)), min_area=int(units.area(_OBJECT)))
    parts = split_at_necks(np.ascontiguousarray(objects), neck)
    areas, nucleus_areas, _ = measure(parts, nucleus)
    # The blurred pixels at the rim would count as a third shade.
    inner = cv2.erode(objects.view(np.uint8), disk(max(1, units.px(_RIM))))
    light, dark = two_shades(histograms(np.where((inner > 0) & white, parts, 0), stains.stain)).T
    contrast = (dark - light) / np.maximum(dark - _GLASS, 1.0)
    few = nucleus_areas < _LOW_NUCLEUS_SHARE * areas
    one_shade = (contrast < _ONE_SHADE_CONTRAST) | (few & (contrast < _PALE_SHADE_CONTRAST))
    thresholds = np.where(one_shade, 0.0, np.where(few, (light + dark) / 2, 255.0))
    thresholds[(areas < units.area(_OBJECT)) | (dark == 0)] = 255.0
    thresholds[0] = 255.0
    nuclei: Mask = (stains.stain > thresholds.astype(np.uint8).take(parts)) & (parts > 0)
    return nuclei


def typical_nucleus_radius(nucleus: Mask, units: RedCellUnits) -> float:
    """Radius of a disk of the median nucleus's area, all lobes together, in px; 0 where there is none."""
    grown = cv2.dilate(nucleus.view(np.uint8), disk(max(1, units.px(_LOBE_DISTANCE))))
    count, groups = cv2.connectedComponents(grown)
    areas = np.bincount(groups[nucleus], minlength=count)[1:]
    areas = areas[areas >= units.area(_MIN_NUCLEUS)]
    return float(np.sqrt(np.median(areas) / np.pi)) if len(areas) else 0.0
