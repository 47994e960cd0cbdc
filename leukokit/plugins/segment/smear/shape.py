"""Rounder cells: color alone leaves gaps in pink cytoplasm, and thin arms into pale red cells."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage as ndi

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import measure
from leukokit.plugins.segment._labels import clean, opened
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits

_CYTOPLASM = 1.25  # cell area over nucleus area; cells with less cytoplasm keep their shape
_HOLE = 0.1  # red-cell areas
_ARM = 0.2  # diameters: half the width of arms that are removed


def round_cells(parts: LabelImage, nucleus: Mask, foreground: Mask, units: RedCellUnits) -> LabelImage:
    """Remove thin arms of cells, and add foreground inside their convex hull.

    Parameters
    ----------
    parts : int32 array, h x w
        Cells, ids 1..n.
    nucleus, foreground : bool arrays, h x w
        Nuclei; everything that lies on the glass.
    units : RedCellUnits

    Returns
    -------
    int32 array, h x w
        The same ids. Pixels of other cells stay with them.
    """
    areas, nucleus_areas, _ = measure(parts, nucleus)
    with_cytoplasm = (areas > _CYTOPLASM * nucleus_areas) & (nucleus_areas > 0)
    out = parts.copy()
    boxes = ndi.find_objects(parts)
    arm = max(1, units.px(_ARM))
    for number in np.flatnonzero(with_cytoplasm):
        box = boxes[number - 1]
        cell = parts[box] == number
        core = opened(cell, arm) | (nucleus[box] & cell)
        out[box][cell & ~core] = 0
        outlines, _ = cv2.findContours(core.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        hull = cv2.convexHull(np.concatenate(outlines))
        filled = cv2.fillConvexPoly(np.zeros(core.shape, np.uint8), hull, 1)
        whole = clean(core | ((filled > 0) & foreground[box]), max_hole=int(units.area(_HOLE)))
        out[box][whole & (out[box] == 0)] = number
    return out
