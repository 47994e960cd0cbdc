"""Shapes of cells: round, where color alone leaves bays in pink cytoplasm and arms into pale red cells."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage as ndi

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._basins import measure
from leukokit.plugins.segment._labels import clean, opened
from leukokit.plugins.segment.smear.picture import Ruler

_CYTOPLASM = 1.25  # cell over nucleus area; with less cytoplasm the nucleus makes the shape
_HOLE = 0.1  # red-cell areas
_ARM = 0.2  # diameters: half the width of arms that are taken off


def rounded(parts: LabelImage, nucleus: Mask, ink: Mask, ruler: Ruler) -> LabelImage:
    """Take thin arms off cells, and fill what lies inside their convex hull and is stained.

    Parameters
    ----------
    parts : int32 array, h x w
        Cells, ids 1..n.
    nucleus, ink : bool arrays, h x w
        Nuclei; whatever lies on the glass.
    ruler : Ruler

    Returns
    -------
    int32 array, h x w
        The same ids. Pixels that another cell has stay with it.
    """
    areas, nucleus_areas, _ = measure(parts, nucleus)
    pliable = (areas > _CYTOPLASM * nucleus_areas) & (nucleus_areas > 0)
    out = parts.copy()
    boxes = ndi.find_objects(parts)
    arm = max(1, ruler.px(_ARM))
    for number in np.flatnonzero(pliable):
        box = boxes[number - 1]
        mine = parts[box] == number
        core = opened(mine, arm) | (nucleus[box] & mine)
        out[box][mine & ~core] = 0
        outlines, _ = cv2.findContours(core.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        hull = cv2.convexHull(np.concatenate(outlines))
        filled = cv2.fillConvexPoly(np.zeros(core.shape, np.uint8), hull, 1)
        whole = clean(core | ((filled > 0) & ink[box]), max_hole=int(ruler.area(_HOLE)))
        out[box][whole & (out[box] == 0)] = number
    return out
