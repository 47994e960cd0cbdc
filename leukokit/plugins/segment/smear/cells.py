"""Whole cells: nuclei with the cytoplasm around them."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import split_at_necks
from leukokit.plugins.segment._labels import clean, closed, opened
from leukokit.plugins.segment.smear.picture import Ruler
from leukokit.plugins.segment.smear.red_color import (
    PER_DEVIATION,
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    Likeness,
)
from leukokit.plugins.segment.smear.stains import Plane, Stains

_REACH = 1.5  # nucleus radii
_LEAST_REACH = 0.3  # diameters
# Cytoplasm is this far off the red cells' color, and either toward the nuclei or bluer, in deviations; or
# much redder and no paler: eosin granules.
_DISTANCE, _SCORE, _BLUER, _GRANULES = 1.8, 0.7, 0.5, 3.0
_OPENING, _CLOSING = 0.08, 0.07  # diameters
_HOLE, _NUCLEUS_HOLE = 0.1, 0.35  # of a red-cell area; of the nucleus's area
# Without red cells to learn from: ink is all of white cells where this little of the picture is ink without a
# nucleus, and not more than so much is ink at all.
_LONE_INK, _MOST_INK = 0.04, 0.55
# Ink of so many red-cell areas, and of this share of its convex hull, is one object; two that touch have .9.
_LEAST_LONE, _MOST_LONE, _SOLID = 0.8, 10.0, 0.94


def reach(nucleus_radius: float, most: float, ruler: Ruler) -> float:
    """How far a cell reaches past its nucleus, in px; ``most`` in red-cell diameters."""
    least = min(_LEAST_REACH, most) * ruler.diameter
    return min(max(_REACH * nucleus_radius, least), most * ruler.diameter)


def ink_is_white_cells(stains: Stains, nucleus: Mask, ruler: Ruler) -> bool:
    """Whether hardly any ink lies apart from a nucleus: a crop of white cells, without red ones."""
    if np.count_nonzero(stains.ink) > _MOST_INK * stains.ink.size:
        return False
    smooth = opened(stains.ink, max(1, ruler.px(_OPENING)))
    lone = np.count_nonzero(smooth) - np.count_nonzero(holding(smooth, nucleus))
    return bool(lone <= _LONE_INK * smooth.size)


def holding(mask: Mask, seeds: Mask) -> Mask:
    """Keep the objects (8 neighbors) of a mask that have a pixel of ``seeds``."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8))
    kept = np.zeros(count, np.bool_)
    kept[labels[seeds]] = True
    kept[0] = False
    return kept.take(np.asarray(labels, dtype=np.int32))


def lone_cells(stains: Stains, nucleus: Mask, ruler: Ruler) -> Mask:
    """Ink that is one round object with a nucleus in it: a cell, whatever the color of its cytoplasm.

    Returns
    -------
    bool array, h x w
    """
    smooth = opened(stains.ink, max(1, ruler.px(_OPENING)))
    found = np.zeros(smooth.shape, np.uint8)
    outlines, _ = cv2.findContours(smooth.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    least, most = ruler.area(_LEAST_LONE), ruler.area(_MOST_LONE)
    for outline in outlines:
        area = cv2.contourArea(outline)
        if least <= area <= most and area >= _SOLID * cv2.contourArea(cv2.convexHull(outline)):
            cv2.drawContours(found, [outline], -1, 1, cv2.FILLED)
    return holding(np.asarray(found > 0), nucleus)


def cytoplasm_like(stains: Stains, likeness: Likeness) -> Mask:
    """Pixels stained as cytoplasm is, seen from the red cells' color, bool h x w."""
    red = likeness.red
    deviations = np.sqrt(np.diag(red.covariance))
    mask: Mask = _cytoplasm(
        *stains.colors,
        stains.pale,
        likeness.distance,
        likeness.score,
        _DISTANCE * PER_DEVIATION,
        SCORE_ZERO + _SCORE * SCORE_PER_DEVIATION,
        float(red.middle[0] + _BLUER * deviations[0]),
        float(red.middle[0] - _GRANULES * deviations[0]),
        float(red.middle[2] - deviations[2]),
    )
    return mask


def find_cells(
    nucleus: Mask, cytoplasm: Mask, nucleus_radius: float, ruler: Ruler, neck: float
) -> LabelImage:
    """Join nuclei and cytoplasm to cells, touching ones apart.

    Parameters
    ----------
    nucleus, cytoplasm : bool arrays, h x w
        Cytoplasm as far as it may reach.
    nucleus_radius : float
        Typical, in px.
    ruler : Ruler
    neck : float
        As in :func:`split_at_necks`.

    Returns
    -------
    int32 array, h x w
        Ids 1..n; every cell has nucleus.
    """
    cell = opened(cytoplasm | nucleus, max(1, ruler.px(_OPENING))) | nucleus
    cell = holding(cell, nucleus)
    hole = max(ruler.area(_HOLE), _NUCLEUS_HOLE * np.pi * nucleus_radius**2)
    cell = closed(clean(cell, max_hole=int(hole)), max(1, ruler.px(_CLOSING)))
    return split_at_necks(np.ascontiguousarray(cell), neck)


@numba.njit(cache=True, nogil=True)
def _cytoplasm(
    red: Plane,
    green: Plane,
    blue: Plane,
    pale: Mask,
    distance: Plane,
    score: Plane,
    least_distance: float,
    least_score: float,
    bluer: float,
    redder: float,
    dark: float,
) -> Any:
    out = np.zeros(red.shape, np.bool_)
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            if pale[i, j] and distance[i, j] > least_distance:
                blueness = np.int32(blue[i, j]) - np.int32(red[i, j])
                out[i, j] = (
                    score[i, j] > least_score
                    or blueness > bluer
                    or (blueness < redder and 255 - np.int32(green[i, j]) > dark)
                )
    return out
