"""Connected components and area openings, as scikit-image defines them, in two passes over the pixels."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._union_find import root


def components(mask: Mask, *, diagonal: bool) -> LabelImage:
    """Label connected components.

    Parameters
    ----------
    mask : bool array, H x W
    diagonal : bool
        Whether pixels that touch at a corner are connected (8 neighbors instead of 4).

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n in the order of first pixels.
    """
    labels: LabelImage = _label(mask, diagonal)
    return labels


def area_opening(mask: Mask, *, min_area: int, min_hole: int) -> Mask:
    """Remove objects (8 neighbors) below ``min_area``, then fill background (4 neighbors) below ``min_hole``.

    Parameters
    ----------
    mask : bool array, H x W
    min_area, min_hole : int
        In px.
    """
    opened = _without_small(mask, min_area, True)
    filled: Mask = ~_without_small(~opened, min_hole, False)
    return filled


def without_border(mask: Mask) -> Mask:
    """Remove objects (8 neighbors) that have a pixel in the first or last row or column."""
    inner: Mask = _clear_border(mask)
    return inner


@numba.njit(cache=True, nogil=True)
def _label(mask: Mask, diagonal: bool) -> Any:
    height, width = mask.shape
    labels = np.zeros((height, width), np.int32)
    parent = np.zeros(height * width // 2 + width + 2, np.int32)
    count = 0
    for i in range(height):
        for j in range(width):
            if not mask[i, j]:
                continue
            home = 0
            for di, dj in ((0, -1), (-1, 0), (-1, -1), (-1, 1)):
                if di and dj and not diagonal:
                    continue
                y, x = i + di, j + dj
                if y < 0 or x < 0 or x >= width or labels[y, x] == 0:
                    continue
                near = root(parent, labels[y, x])
                if home == 0 or near == home:
                    home = near
                else:
                    low, high = min(home, near), max(home, near)
                    parent[high] = low
                    home = low
            if home == 0:
                count += 1
                parent[count] = count
                home = count
            labels[i, j] = home
    ids = np.zeros(count + 1, np.int32)
    found = 0
    for node in range(1, count + 1):
        top_node = root(parent, node)
        if ids[top_node] == 0:
            found += 1
            ids[top_node] = found
        ids[node] = ids[top_node]
    for i in range(height):
        for j in range(width):
            labels[i, j] = ids[labels[i, j]]
    return labels


@numba.njit(cache=True, nogil=True)
def _without_small(mask: Mask, least: int, diagonal: bool) -> Any:
    labels = _label(mask, diagonal)
    areas = np.zeros(labels.max() + 1, np.int64)
    for label in labels.ravel():
        areas[label] += 1
    out = np.empty(mask.shape, np.bool_)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            out[i, j] = labels[i, j] > 0 and areas[labels[i, j]] >= least
    return out


@numba.njit(cache=True, nogil=True)
def _clear_border(mask: Mask) -> Any:
    height, width = mask.shape
    labels = _label(mask, True)
    cut = np.zeros(labels.max() + 1, np.bool_)
    for i in range(height):
        cut[labels[i, 0]] = True
        cut[labels[i, width - 1]] = True
    for j in range(width):
        cut[labels[0, j]] = True
        cut[labels[height - 1, j]] = True
    out = np.empty(mask.shape, np.bool_)
    for i in range(height):
        for j in range(width):
            out[i, j] = mask[i, j] and not cut[labels[i, j]]
    return out
