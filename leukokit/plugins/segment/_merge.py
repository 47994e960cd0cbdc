"""One id for a nucleus and its cell."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from leukokit.api import LabelImage


def drop_small(labels: LabelImage, min_area: int) -> LabelImage:
    """Drop labels of fewer than ``min_area`` px and number the others 1..n in their order."""
    areas = np.bincount(labels.ravel())
    kept = areas >= min_area
    kept[0] = False
    table = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return table[labels]


def one_id_a_cell(nuclei: LabelImage, cells: LabelImage) -> tuple[LabelImage, LabelImage]:
    """Give each cell the id of its nucleus.

    A cell without a nucleus is dropped; one with several is divided among them, each pixel to the nearest
    along the cell; a nucleus outside every cell is a cell of its own.

    Parameters
    ----------
    nuclei, cells : int32 arrays, H x W
        Ids of the two are independent.

    Returns
    -------
    nuclei, cells : int32 arrays, H x W
        Every nucleus lies in the cell of its id.
    """
    return nuclei, _spread(nuclei, cells)


@numba.njit(cache=True, nogil=True)
def _spread(nuclei: LabelImage, cells: LabelImage) -> Any:
    """Let the ids of nuclei spread, ring by ring, to pixels of the same cell."""
    height, width = nuclei.shape
    out = nuclei.copy()
    queue = np.empty(nuclei.size, np.int64)
    end = 0
    for i in range(height):
        for j in range(width):
            if out[i, j] and cells[i, j]:
                queue[end] = i * width + j
                end += 1
    start = 0
    while start < end:
        i, j = queue[start] // width, queue[start] % width
        start += 1
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                y, x = i + di, j + dj
                if 0 <= y < height and 0 <= x < width and out[y, x] == 0 and cells[y, x] == cells[i, j]:
                    out[y, x] = out[i, j]
                    queue[end] = y * width + x
                    end += 1
    return out
