"""Measures of red cells: how many lie beside an object, and how pale their center is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray, LabelImage, Mask
from leukokit.smear.objects.shapes import Place

NEIGHBOR = 0.1
"""Largest gap between neighbors, in red-cell diameters."""
_MIN_REACH = 1.5
"""The same in px, at least: objects that touch at a corner are 1.41 px apart."""
# Distance from the outline over its largest, of the pixels of the center and of the ring around it. In a disk
# the center is the inner third of the radius, and the ring lies between 0.5 and 0.85 of it.
_CENTER, _RING = 2 / 3, (0.15, 0.5)
_FAINTEST = 4.0  # gray levels below glass, of a ring whose stain says anything
_FEWEST_GLASS = 0.01  # share of the image without any object, from which the level of glass is taken


def count_neighbors(
    labels: LabelImage, places: Sequence[Place], red: LabelImage, red_cell_px: float
) -> FloatArray:
    """Count the red cells beside each object: those not more than a tenth of a red cell's diameter away.

    Parameters
    ----------
    labels : int32 array, H x W
        The objects; the red cells themselves, or others.
    places : sequence of Place
        Of the objects.
    red : int32 array, H x W
        Red cells.
    red_cell_px : float
        Diameter of a red cell, px; NaN where there are none.

    Returns
    -------
    float64 array (n,)
        An object does not count itself.
    """
    reach = max(_MIN_REACH, NEIGHBOR * red_cell_px) if math.isfinite(red_cell_px) else _MIN_REACH
    return np.array([_neighbors(labels, place, red, reach) for place in places], dtype=np.float64)


def _neighbors(labels: LabelImage, place: Place, red: LabelImage, reach: float) -> int:
    margin = math.ceil(reach)
    around = (
        slice(max(0, place.rows.start - margin), place.rows.stop + margin),
        slice(max(0, place.columns.start - margin), place.columns.stop + margin),
    )
    nearby = red[around]
    own = labels[around] == place.id
    other = (nearby > 0) & ~own
    if not other.any():
        return 0
    distance = cv2.distanceTransform((~own).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return len(np.unique(nearby[other & (distance <= reach)]))


def glass_level(green: NDArray[np.uint8], objects: Mask) -> float:
    """Median green level of the pixels outside of all objects; NaN where there are hardly any.

    Parameters
    ----------
    green : uint8 array, H x W
        Red cells absorb green most.
    objects : bool array, H x W
    """
    counts = np.bincount(green[~objects], minlength=256)
    if counts.sum() < max(1.0, _FEWEST_GLASS * green.size):
        return math.nan
    return float(np.searchsorted(np.cumsum(counts), counts.sum() / 2))


def central_pallor(
    labels: LabelImage, places: Sequence[Place], green: NDArray[np.uint8], glass: float
) -> FloatArray:
    """Measure how much paler each red cell is in its center than in the ring around it.

    1 - center / ring, where both are the mean stain in green, in gray levels below glass: 0 for an evenly
    stained cell, 1 for one whose center is as pale as glass, below 0 for a dark center (target cells).

    Returns
    -------
    float64 array (n,)
        NaN where a cell is too small for a center and a ring, or hardly darker than glass.
    """
    return np.array([_pallor(labels, place, green, glass) for place in places], dtype=np.float64)


def _pallor(labels: LabelImage, place: Place, green: NDArray[np.uint8], glass: float) -> float:
    own = (labels[place.box] == place.id).view(np.uint8)
    framed = cv2.copyMakeBorder(own, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    depth = distance / distance.max()
    center, ring = depth > _CENTER, (depth > _RING[0]) & (depth < _RING[1])
    if math.isnan(glass) or not center.any() or not ring.any():
        return math.nan
    levels = green[place.box]
    stain = glass - float(levels[ring].mean())
    return 1 - (glass - float(levels[center].mean())) / stain if stain >= _FAINTEST else math.nan
