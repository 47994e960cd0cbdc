"""Red cells and platelets: foreground that belongs to no white cell."""

from __future__ import annotations

import numpy as np

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import measure, renumber, split_at_necks
from leukokit.plugins.segment._labels import clean, opened
from leukokit.plugins.segment.smear.nucleus_checks import medians
from leukokit.plugins.segment.smear.red_color import (
    PER_DEVIATION,
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    ColorDistance,
)
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits

# Red cells, in diameters and red-cell areas. An opening removes the rims that white cells leave; the central
# pallor is filled.
_RED_OPENING, _PALLOR, _MIN_RED_CELL = 0.1, 0.35, 0.25
# Red cells are round and alike, so they are split at wider necks than white cells.
_RED_NECK = 0.97
# Share of pixels that differ from the red cells' color: thick and thin red cells differ in part.
_FOREIGN = 0.9
# Platelets measure 1.5 to 4 um, red cells 7.5 (Bain, Blood Cells, 5th ed.): .04 to .28 of the area.
_PLATELET_OPENING, _PLATELET_HOLE, _MIN_PLATELET, _MAX_PLATELET = 0.03, 0.05, 0.02, 0.3
# Smallest median distance from the red cells' color, and toward the nuclei, in standard deviations. On bccd
# 95 % of platelets have more; 90 % of red cells' rims that differ from the red cells' color have less.
_DISTANCE, _SCORE = 4.5, 3.4


def red_cells(
    pale: Mask, white: Mask, cells: Mask, units: RedCellUnits, neck: float, *, clear_border: bool
) -> LabelImage:
    """Label red cells.

    Parameters
    ----------
    pale : bool array, h x w
        Everything that lies on the glass, thin red cells too.
    white : bool array, h x w
        Foreground that differs from the red cells' color.
    cells : bool array, h x w
        White cells, including those at the border.
    units : RedCellUnits
    neck : float
        As in :func:`split_at_necks`, for white cells; 0 splits no red cells either.
    clear_border : bool
        Whether red cells that touch the image border are dropped.

    Returns
    -------
    int32 array, h x w
        Ids 1..n.
    """
    mask = clean(pale & ~cells, max_hole=int(units.area(_PALLOR)))
    mask = opened(mask, max(1, units.px(_RED_OPENING)))
    # Filling holes may have covered a white cell inside a ring of red ones.
    parts = split_at_necks(np.ascontiguousarray(mask & ~cells), max(neck, _RED_NECK) if neck else 0.0)
    areas, foreign, at_border = measure(parts, white)
    smallest = units.area(_MIN_RED_CELL) * np.where(at_border, 0.5, 1.0)
    kept = (areas >= smallest) & (foreign < _FOREIGN * areas)
    return renumber(parts, kept & ~at_border if clear_border else kept)


def platelets(
    white: Mask, cells: Mask, color_distance: ColorDistance | None, units: RedCellUnits, *, clear_border: bool
) -> LabelImage:
    """Label platelets: stained like white cells, and much smaller.

    Parameters
    ----------
    white, cells : bool arrays, h x w
        As for :func:`red_cells`.
    color_distance : ColorDistance or None
        From the red cells' color, where that is known.
    units : RedCellUnits
    clear_border : bool
        Whether platelets that touch the image border are dropped.

    Returns
    -------
    int32 array, h x w
        Ids 1..n.
    """
    mask = opened(white & ~cells, units.px(_PLATELET_OPENING))
    mask = clean(mask, max_hole=int(units.area(_PLATELET_HOLE)))
    parts = split_at_necks(np.ascontiguousarray(mask & ~cells), 0.0)
    areas, _, at_border = measure(parts, mask)
    kept = (areas >= units.area(_MIN_PLATELET)) & (areas <= units.area(_MAX_PLATELET))
    if color_distance is not None:
        kept &= medians(parts, color_distance.distance, len(areas)) >= _DISTANCE * PER_DEVIATION
        kept &= medians(parts, color_distance.score, len(areas)) >= SCORE_ZERO + _SCORE * SCORE_PER_DEVIATION
    return renumber(parts, kept & ~at_border if clear_border else kept)
