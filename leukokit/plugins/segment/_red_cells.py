"""Red cells: what is stained and no white cell."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import measure, renumber, split_at_necks
from leukokit.plugins.segment._labels import clean, opened

_NECK, _MAX_PALLOR, _MIN_AREA = 0.85, 200, 60  # as in CellParams, px


def red_cells(green: NDArray[np.uint8], white: Mask, *, whole: bool) -> LabelImage:
    """Label red cells.

    Otsu's threshold on green, which hemoglobin and stain both absorb, without the white cells; the central
    pallor is filled, rims that white cells leave are opened away, touching cells are split at their
    necks.

    Parameters
    ----------
    green : uint8 array, H x W
    white : bool array, H x W
        Pixels of white cells.
    whole : bool
        Whether cells that meet the image border are dropped.

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n, independent of those of white cells.
    """
    _, stained = cv2.threshold(green, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    mask = opened(clean((stained > 0) & ~white, max_hole=_MAX_PALLOR), 2)
    # Filling may have closed over a white cell inside a ring of red ones.
    parts = split_at_necks(np.ascontiguousarray(mask & ~white), _NECK)
    areas, _, at_border = measure(parts, mask)
    kept = areas >= _MIN_AREA
    return renumber(parts, kept & ~at_border if whole else kept)
