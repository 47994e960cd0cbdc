"""Whole cells: nuclei with the cytoplasm around them."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import split_at_necks
from leukokit.plugins.segment._labels import clean, closed, opened
from leukokit.plugins.segment.smear.red_color import (
    PER_DEVIATION,
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    ColorDistance,
)
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits
from leukokit.plugins.segment.smear.stains import Plane, Stains

_REACH = 1.5  # in nucleus radii
_MIN_REACH = 0.3  # in diameters
# Cytoplasm differs from the red cells' color by _DISTANCE standard deviations. It also lies toward the
# nuclei, or is bluer, or is much redder and no paler (eosin granules).
_DISTANCE, _SCORE, _BLUER, _GRANULES = 1.8, 0.7, 0.5, 3.0
_OPENING, _CLOSING = 0.08, 0.07  # diameters
_HOLE, _NUCLEUS_HOLE = 0.1, 0.35  # of a red-cell area; of the nucleus's area
# Without red cells: all foreground is of white cells if foreground without a nucleus covers at most the first
# share of the image, and all foreground at most the second.
_MAX_FREE_FOREGROUND, _MAX_FOREGROUND = 0.04, 0.55
# Smallest and largest area of a single cell, in red-cell areas, and its smallest share of its convex hull;
# two cells that touch have .9.
_MIN_ISOLATED, _MAX_ISOLATED, _SOLID = 0.8, 10.0, 0.94


def reach(nucleus_radius: float, max_reach: float, units: RedCellUnits) -> float:
    """Width of the cytoplasm around a nucleus, in px; ``max_reach`` in red-cell diameters."""
    shortest = min(_MIN_REACH, max_reach) * units.diameter
    return min(max(_REACH * nucleus_radius, shortest), max_reach * units.diameter)


def shows_only_white_cells(stains: Stains, nucleus: Mask, units: RedCellUnits) -> bool:
    """Whether nearly all foreground is connected to a nucleus, as in a crop that shows white cells only."""
    if np.count_nonzero(stains.foreground) > _MAX_FOREGROUND * stains.foreground.size:
        return False
    smooth = opened(stains.foreground, max(1, units.px(_OPENING)))
    free = np.count_nonzero(smooth) - np.count_nonzero(objects_with(smooth, nucleus))
    return bool(free <= _MAX_FREE_FOREGROUND * smooth.size)


def objects_with(mask: Mask, seeds: Mask) -> Mask:
    """Keep the objects (8 neighbors) of a mask that have a pixel of ``seeds``."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8))
    kept = np.zeros(count, np.bool_)
    kept[labels[seeds]] = True
    kept[0] = False
    return kept.take(np.asarray(labels, dtype=np.int32))


def isolated_cells(stains: Stains, nucleus: Mask, units: RedCellUnits) -> Mask:
    """Find round foreground objects that contain a nucleus: cells, whatever the color of their cytoplasm.

    Returns
    -------
    bool array, h x w
    """
    smooth = opened(stains.foreground, max(1, units.px(_OPENING)))
    isolated = np.zeros(smooth.shape, np.uint8)
    outlines, _ = cv2.findContours(smooth.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    min_area, max_area = units.area(_MIN_ISOLATED), units.area(_MAX_ISOLATED)
    for outline in outlines:
        area = cv2.contourArea(outline)
        if min_area <= area <= max_area and area >= _SOLID * cv2.contourArea(cv2.convexHull(outline)):
            cv2.drawContours(isolated, [outline], -1, 1, cv2.FILLED)
    return objects_with(np.asarray(isolated > 0), nucleus)


def cytoplasm_pixels(stains: Stains, color_distance: ColorDistance) -> Mask:
    """Pixels whose color differs from the red cells' color as cytoplasm does, bool h x w."""
    red = color_distance.red
    deviations = np.sqrt(np.diag(red.covariance))
    mask: Mask = _cytoplasm(
        *stains.colors,
        stains.pale,
        color_distance.distance,
        color_distance.score,
        _DISTANCE * PER_DEVIATION,
        SCORE_ZERO + _SCORE * SCORE_PER_DEVIATION,
        float(red.median[0] + _BLUER * deviations[0]),
        float(red.median[0] - _GRANULES * deviations[0]),
        float(red.median[2] - deviations[2]),
    )
    return mask


def find_cells(
    nucleus: Mask, cytoplasm: Mask, nucleus_radius: float, units: RedCellUnits, neck: float
) -> LabelImage:
    """Join nuclei and cytoplasm to cells, and split touching cells.

    Parameters
    ----------
    nucleus, cytoplasm : bool arrays, h x w
        Nuclei, and cytoplasm within reach of them.
    nucleus_radius : float
        Radius of the median nucleus, in px.
    units : RedCellUnits
    neck : float
        As in :func:`split_at_necks`.

    Returns
    -------
    int32 array, h x w
        Ids 1..n; every cell has nucleus.
    """
    cell = opened(cytoplasm | nucleus, max(1, units.px(_OPENING))) | nucleus
    cell = objects_with(cell, nucleus)
    hole = max(units.area(_HOLE), _NUCLEUS_HOLE * np.pi * nucleus_radius**2)
    cell = closed(clean(cell, max_hole=int(hole)), max(1, units.px(_CLOSING)))
    return split_at_necks(np.ascontiguousarray(cell), neck)


@numba.njit(cache=True, nogil=True)
def _cytoplasm(
    red: Plane,
    green: Plane,
    blue: Plane,
    pale: Mask,
    distance: Plane,
    score: Plane,
    min_distance: float,
    min_score: float,
    bluer: float,
    redder: float,
    dark: float,
) -> Any:
    out = np.zeros(red.shape, np.bool_)
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if pale[i, j] and distance[i, j] > min_distance:
                blueness = np.int32(blue[i, j]) - np.int32(red[i, j])
                out[i, j] = (
                    score[i, j] > min_score
                    or blueness > bluer
                    or (blueness < redder and 255 - np.int32(green[i, j]) > dark)
                )
    return out
