"""Splitting touching objects where they are joined by a neck."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._union_find import root

_LEVELS_PER_PX = 8  # distances are ranked in eighths of a pixel: a counting sort instead of a comparison sort


def split_at_necks(mask: Mask, neck: float) -> LabelImage:
    """Label the objects of a mask and split touching ones.

    A watershed of the distance transform. Two basins stay separate only where the ridge between them is lower
    than ``neck`` times the lower of their peaks. This is the h-maxima rule with a height proportional to the
    object, so that one number holds for cells of 20 and of 80 pixels. Basins are merged while pixels are
    visited in order of decreasing distance (union-find), which takes one pass.

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
    if mask.all():  # no background to measure a distance from
        return np.ones(mask.shape, np.int32)
    distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    labels: LabelImage = _flood(np.asarray(distance, dtype=np.float32), neck)
    return labels


def measure(labels: LabelImage, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64], Mask]:
    """Measure labeled objects in one pass.

    Parameters
    ----------
    labels : int32 array, H x W
        0 outside, ids 1..n.
    mask : bool array, H x W

    Returns
    -------
    areas : int64 array (n + 1,)
        Pixels of each object; entry 0 is 0.
    masked : int64 array (n + 1,)
        Pixels of each object inside ``mask``.
    at_border : bool array (n + 1,)
        Whether the object touches the image border.
    """
    areas, masked, at_border = _measure(labels, mask)
    return areas, masked, at_border


def renumber(labels: LabelImage, kept: Mask) -> LabelImage:
    """Drop objects and renumber the kept ones 1..m in their order.

    Parameters
    ----------
    labels : int32 array, H x W
        0 outside, ids 1..n.
    kept : bool array (n + 1,)
    """
    table = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    renumbered: LabelImage = _apply_table(labels, table)
    return renumbered


def histograms(labels: LabelImage, plane: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count gray levels by object, int64 (n + 1, 256); row 0, the outside, is empty."""
    counts: NDArray[np.int64] = _histograms(labels, plane)
    return counts


@numba.njit(cache=True, nogil=True)
def _measure(labels: LabelImage, mask: Mask) -> Any:
    rows, columns = labels.shape
    count = labels.max() + 1
    areas = np.zeros(count, np.int64)
    masked = np.zeros(count, np.int64)
    at_border = np.zeros(count, np.bool_)
    for i in range(rows):
        for j in range(columns):
            label = labels[i, j]
            if label:
                areas[label] += 1
                masked[label] += mask[i, j]
                if i == 0 or j == 0 or i == rows - 1 or j == columns - 1:
                    at_border[label] = True
    return areas, masked, at_border


@numba.njit(cache=True, nogil=True)
def _apply_table(labels: LabelImage, table: NDArray[np.int32]) -> Any:
    out = np.zeros(labels.shape, np.int32)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            if labels[i, j]:
                out[i, j] = table[labels[i, j]]
    return out


@numba.njit(cache=True, nogil=True)
def _histograms(labels: LabelImage, plane: NDArray[np.uint8]) -> Any:
    rows, columns = labels.shape
    counts = np.zeros((labels.max() + 1, 256), np.int64)
    for i in range(rows):
        for j in range(columns):
            if labels[i, j]:
                counts[labels[i, j], plane[i, j]] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def _flood(distance: NDArray[np.float32], neck: float) -> Any:
    """Visit pixels by decreasing distance; start a basin at each peak, and merge basins at high ridges."""
    rows, columns = distance.shape
    width = columns + 2  # a frame of zeros: no neighbor is outside
    level, inside = _levels(distance, width)
    basin, parent, count = _merged_basins(level, _descending(level, inside), width, neck)
    ids = np.zeros(count + 1, np.int32)
    labels = np.zeros((rows, columns), np.int32)
    number = 0
    for pixel in inside:
        basin_root = root(parent, basin[pixel])
        if ids[basin_root] == 0:
            number += 1
            ids[basin_root] = number
        labels[pixel // width - 1, pixel % width - 1] = ids[basin_root]
    return labels


@numba.njit(cache=True, nogil=True)
def _levels(distance: NDArray[np.float32], width: int) -> Any:
    """Ranks of the distances in a framed image, flat, and the pixels inside the mask, row by row."""
    rows, columns = distance.shape
    level = np.zeros((rows + 2) * width, np.int32)
    inside = np.empty(rows * columns, np.int32)
    count = 0
    for i in range(rows):
        for j in range(columns):
            if distance[i, j] > 0:
                pixel = (i + 1) * width + j + 1
                level[pixel] = int(distance[i, j] * _LEVELS_PER_PX + 0.5)
                inside[count] = pixel
                count += 1
    return level, inside[:count]


@numba.njit(cache=True, nogil=True)
def _descending(level: NDArray[np.int32], inside: NDArray[np.int32]) -> Any:
    """Sort pixels by decreasing level, by counting; equal levels keep their order."""
    top = level.max()
    starts = np.zeros(top + 2, np.int32)
    for pixel in inside:
        starts[top - level[pixel] + 1] += 1
    for i in range(1, top + 2):
        starts[i] += starts[i - 1]
    order = np.empty(len(inside), np.int32)
    for pixel in inside:
        slot = top - level[pixel]
        order[starts[slot]] = pixel
        starts[slot] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _merged_basins(level: NDArray[np.int32], order: NDArray[np.int32], width: int, neck: float) -> Any:
    """Give each pixel its basin, each basin its parent in the union-find, and the number of basins."""
    basin = np.zeros(level.size, np.int32)
    parent = np.zeros(len(order) + 1, np.int32)
    peak = np.zeros(len(order) + 1, np.int32)
    steps = (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
    count = 0
    for pixel in order:
        height = level[pixel]
        own_basin, own_level, previous = 0, 0, 0
        for step in steps:
            neighbor = basin[pixel + step]
            if neighbor == 0:
                continue
            if level[pixel + step] > own_level:  # the pixel belongs to the basin of its highest neighbor
                own_basin, own_level = neighbor, level[pixel + step]
            if neighbor == previous:
                continue
            if previous:
                # The older basin has the higher peak, since pixels come in decreasing order.
                first_root, second_root = root(parent, previous), root(parent, neighbor)
                high, low = min(first_root, second_root), max(first_root, second_root)
                if high != low and height >= neck * peak[low]:
                    parent[low] = high
            previous = neighbor
        if own_basin == 0:
            count += 1
            own_basin = count
            parent[count] = count
            peak[count] = height
        basin[pixel] = root(parent, own_basin)
    return basin, parent, count
