"""The truth of a scene: label images of its nuclei, cells and red cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, RED_CELL, LabelImage, Labels, Status
from leukokit.plugins.datasets._smear_geometry import Bar, cover, red_sprites, window, windows
from leukokit.plugins.datasets._smear_scene import Scene
from leukokit.plugins.datasets._smear_stock import Stock


def truth(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> Labels:
    """Label images of a scene; what a scale bar hides is not there."""
    red = np.zeros((size, size), dtype=np.int32)
    covers = stock.covers[red_sprites(scene)]
    for number, (place, inner) in enumerate(windows(scene.red, stock.scale, covers.shape, size)):
        red[place][covers[number][inner]] = number + 1
    nucleus, cell = np.zeros_like(red), np.zeros_like(red)
    for number, white in enumerate(scene.white, start=1):
        box = window(white.outline, stock.scale, size)
        if box is None:
            continue
        body = cover((white.outline,), box, stock.scale) >= 0.5
        core = (cover(white.lobes, box, stock.scale) >= 0.5) & body
        cell[box][body] = number
        nucleus[box][body] = 0
        nucleus[box][core] = number
    red[cell > 0] = 0
    if bar is not None:
        hidden = bar.opacity > 0.5
        for role in (nucleus, cell, red):
            role[bar.window(size)][hidden] = 0
    # A sliver of cytoplasm whose nucleus is out of sight has no N/C ratio, so it is no cell.
    white_ids, red_ids = _without_gaps(nucleus, len(scene.white)), _without_gaps(red, len(scene.red))
    roles = {NUCLEUS: white_ids[nucleus], CELL: white_ids[cell], RED_CELL: red_ids[red]}
    for role in roles.values():
        role.setflags(write=False)
    return Labels(roles, Status.OK if white_ids.any() else Status.NO_CELL)


def _without_gaps(labels: LabelImage, count: int) -> NDArray[np.int32]:
    """Table from old ids to 1, 2, 3 ... of those that can be seen, and to 0 of those that cannot."""
    seen = np.bincount(labels.ravel(), minlength=count + 1) > 0
    seen[0] = False
    table: NDArray[np.int32] = (np.cumsum(seen) * seen).astype(np.int32)
    return table
