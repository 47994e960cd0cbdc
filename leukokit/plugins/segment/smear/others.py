"""Red cells and platelets: what is stained and belongs to no white cell."""

from __future__ import annotations

import numpy as np

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import measure, renumber, split_at_necks
from leukokit.plugins.segment._labels import clean, opened
from leukokit.plugins.segment.smear.evidence import medians
from leukokit.plugins.segment.smear.picture import Ruler
from leukokit.plugins.segment.smear.red_color import (
    PER_DEVIATION,
    SCORE_PER_DEVIATION,
    SCORE_ZERO,
    Likeness,
)

# Red cells, in diameters and red-cell areas. A tenth of a diameter is opened away: the rims that white cells
# leave; the central pallor is filled.
_RED_OPENING, _PALLOR, _LEAST_RED = 0.1, 0.35, 0.25
_MOSTLY = 0.5
# Platelets measure 1.5 to 4 um, red cells 7.5 (Bain, Blood Cells, 5th ed.): .04 to .28 of the area.
_PLATELET_OPENING, _PLATELET_HOLE, _LEAST_PLATELET, _MOST_PLATELET = 0.03, 0.05, 0.02, 0.3
# Median deviations from the red cells, and toward the nuclei. On bccd 95 % of platelets have more; 90 %
# of the rims of red cells that are off their color have less.
_DISTANCE, _SCORE = 4.5, 3.4


def red_cells(ink: Mask, white: Mask, cells: Mask, ruler: Ruler, neck: float, *, whole: bool) -> LabelImage:
    """Label red cells.

    Parameters
    ----------
    ink : bool array, h x w
    white : bool array, h x w
        Ink that has not the red cells' color.
    cells : bool array, h x w
        White cells, those at the border too.
    ruler : Ruler
    neck : float
        As in :func:`split_at_necks`.
    whole : bool
        Whether red cells that meet the border are dropped.

    Returns
    -------
    int32 array, h x w
        Ids 1..n.
    """
    mask = clean(ink & ~cells, max_hole=int(ruler.area(_PALLOR)))
    mask = opened(mask, max(1, ruler.px(_RED_OPENING)))
    # Filling may have closed over a white cell inside a ring of red ones.
    parts = split_at_necks(np.ascontiguousarray(mask & ~cells), neck)
    areas, foreign, at_border = measure(parts, white)
    kept = (areas >= ruler.area(_LEAST_RED)) & (foreign < _MOSTLY * areas)
    return renumber(parts, kept & ~at_border if whole else kept)


def platelets(
    white: Mask, cells: Mask, likeness: Likeness | None, ruler: Ruler, *, whole: bool
) -> LabelImage:
    """Label platelets: stained as white cells are, and much smaller.

    Parameters
    ----------
    white, cells : bool arrays, h x w
        As for :func:`red_cells`.
    likeness : Likeness or None
        To the red cells' color, where it is known.
    ruler : Ruler
    whole : bool
        Whether platelets that meet the border are dropped.

    Returns
    -------
    int32 array, h x w
        Ids 1..n.
    """
    mask = opened(white & ~cells, ruler.px(_PLATELET_OPENING))
    mask = clean(mask, max_hole=int(ruler.area(_PLATELET_HOLE)))
    parts = split_at_necks(np.ascontiguousarray(mask & ~cells), 0.0)
    areas, _, at_border = measure(parts, mask)
    kept = (areas >= ruler.area(_LEAST_PLATELET)) & (areas <= ruler.area(_MOST_PLATELET))
    if likeness is not None:
        kept &= medians(parts, likeness.distance, len(areas)) >= _DISTANCE * PER_DEVIATION
        kept &= medians(parts, likeness.score, len(areas)) >= SCORE_ZERO + _SCORE * SCORE_PER_DEVIATION
    return renumber(parts, kept & ~at_border if whole else kept)
