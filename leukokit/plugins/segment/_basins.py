"""Splitting touching objects where they are joined by a neck."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask

_LEVELS_PER_PX = 8  # distances are ranked in eighths of a pixel: a counting sort instead of a comparison sort


def split_at_necks(mask: Mask, neck: float) -> LabelImage:
    """Label the objects of a mask, touching ones apart.

    A watershed of the distance transform in which two basins stay apart only where the ridge between them
    is lower than ``neck`` times the lower of their peaks. This is the h-maxima rule with a height in
    proportion to the object, so that one number serves cells of 20 and of 80 pixels. Basins are merged while
    pixels are visited in falling distance (union-find), which costs one pass.

    Parameters
    ----------
    mask : bool array, H x W
    neck : float
        0 splits nothing, 1 splits at every local maximum. Two equal disks that overlap are split where their
        common chord is shorter than ``neck`` times their diameter.

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n in the order of the objects' first pixel, row by row.
    """
    binary = np.ascontiguousarray(mask, dtype=np.uint8)
    distance = cv2.distanceTransform(binary, cv2.DIST_L2, cv2.DIST_MASK_5)
    level = np.rint(distance * _LEVELS_PER_PX).astype(np.int32)
    padded = np.zeros((level.shape[0] + 2, level.shape[1] + 2), np.int32)
    padded[1:-1, 1:-1] = level
    labels: LabelImage = _flood(padded.ravel(), padded.shape[1], neck).reshape(padded.shape)[1:-1, 1:-1]
    return np.ascontiguousarray(labels)


@numba.njit(cache=True, nogil=True)
def _root(parent: NDArray[np.int32], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@numba.njit(cache=True, nogil=True)
def _flood(level: NDArray[np.int32], width: int, neck: float) -> Any:
    """Flood from the peaks; ``level`` has a frame of zeros, so no neighbor is outside."""
    top = level.max()
    starts = np.zeros(top + 2, np.int64)
    for value in level:
        if value > 0:
            starts[top - value + 1] += 1
    for i in range(1, top + 2):
        starts[i] += starts[i - 1]
    order = np.empty(starts[top], np.int64)
    for pixel in range(level.size):
        if level[pixel] > 0:
            slot = top - level[pixel]
            order[starts[slot]] = pixel
            starts[slot] += 1

    basin = np.zeros(level.size, np.int32)
    parent = np.zeros(level.size + 1, np.int32)
    peak = np.zeros(level.size + 1, np.int32)
    steps = (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
    count = 0
    for pixel in order:
        height = level[pixel]
        home, home_level, seen = 0, 0, 0
        for step in steps:
            near = basin[pixel + step]
            if near == 0:
                continue
            if level[pixel + step] > home_level:  # the steepest way up decides where the pixel belongs
                home, home_level = near, level[pixel + step]
            if near == seen:
                continue
            if seen:
                # The basin founded first has the higher peak: pixels come in falling order.
                one, other = _root(parent, seen), _root(parent, near)
                high, low = min(one, other), max(one, other)
                if high != low and height >= neck * peak[low]:
                    parent[low] = high
            seen = near
        if home == 0:
            count += 1
            home = count
            parent[count] = count
            peak[count] = height
        basin[pixel] = _root(parent, home)

    ids = np.zeros(count + 1, np.int32)
    found = 0
    for pixel in range(level.size):
        if basin[pixel]:
            root = _root(parent, basin[pixel])
            if ids[root] == 0:
                found += 1
                ids[root] = found
            basin[pixel] = ids[root]
    return basin
