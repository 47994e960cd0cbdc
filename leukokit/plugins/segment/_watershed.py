"""Watershed of the distance map with shallow minima suppressed (Eddins 2013)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._distance import squared_distance_transform
from leukokit.plugins.segment._union_find import root

Levels = NDArray[np.int32]
Pixels = NDArray[np.int64]


def split_at_minima(mask: Mask, depth: float, min_area: int) -> LabelImage:
    """Label the objects of a mask and split touching ones.

    The negated Euclidean distance to the background is flooded from its extended minima: the minima deeper
    than ``depth``, measured from the lowest pass to a deeper minimum. Each object keeps its deepest minimum.

    Parameters
    ----------
    mask : bool array, H x W
    depth : float
        Minima up to this depth are suppressed, in px.
    min_area : int
        Smallest area of a part, in px.

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n in the order of the parts' first pixel, row by row.

    Notes
    -----
    The remaining minima are found in one pass over the pixels by decreasing distance (union-find), instead of
    a morphological reconstruction. Only objects that keep two or more minima are flooded.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    if mask.all():  # no background to measure a distance from
        return np.full(mask.shape, mask.size >= min_area, np.int32)
    squared = squared_distance_transform(mask)  # whole numbers: they can be sorted by counting
    level = squared.ravel()
    order = _descending_order(level) if level.max() < level.size else np.argsort(-level, kind="stable")
    labels: LabelImage = _flood(level, order[: np.count_nonzero(level)], squared.shape[1], depth, min_area)
    return np.ascontiguousarray(labels.reshape(squared.shape)[1:-1, 1:-1])


@numba.njit(cache=True, nogil=True)
def _descending_order(level: Levels) -> Any:
    """Pixels inside the mask by decreasing level; equal levels in the order of the image."""
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
    return order


@numba.njit(cache=True, nogil=True)
def _flood(level: Levels, order: Pixels, width: int, depth: float, min_area: int) -> Any:
    steps = np.array([-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1])
    region, parent, peak, significant = _peaks(level, order, steps, depth)
    labels = np.zeros(level.size, np.int32)
    peak_count = np.zeros(len(parent), np.int32)  # significant peaks, by object
    for i in range(1, len(parent)):
        peak_count[root(parent, i)] += significant[i]
    if peak_count.max() > 1:
        _watershed(
            level,
            order,
            steps,
            depth,
            parent,
            peak,
            significant & (peak_count[_representatives(parent)] > 1),
            labels,
        )
    for pixel in order:  # each object that was not flooded is one part
        if labels[pixel] == 0:
            labels[pixel] = root(parent, region[pixel])

    areas = np.zeros(len(parent), np.int64)
    for pixel in order:
        areas[labels[pixel]] += 1
    ids = np.full(len(parent), -1, np.int32)
    count = 0
    for pixel in range(level.size):
        part = labels[pixel]
        if part:
            if ids[part] < 0:
                count += areas[part] >= min_area
                ids[part] = count if areas[part] >= min_area else 0
            labels[pixel] = ids[part]
    return labels


@numba.njit(cache=True, nogil=True)
def _representatives(parent: Levels) -> Any:
    roots = np.empty(len(parent), np.int32)
    for i in range(len(parent)):
        roots[i] = root(parent, i)
    return roots


@numba.njit(cache=True, nogil=True)
def _peaks(level: Levels, order: Pixels, steps: Pixels, depth: float) -> Any:
    """Find the peaks, and those that are more than ``depth`` above the pass to a higher peak."""
    region = np.zeros(level.size, np.int32)
    parent = np.zeros(len(order) + 1, np.int32)
    peak = np.zeros(len(order) + 1, np.int64)
    significant = np.zeros(len(order) + 1, np.bool_)
    count = 0
    for pixel in order:
        region_id = 0
        for step in steps:
            neighbor = region[pixel + step]
            if neighbor == 0 or neighbor == region_id:
                continue
            neighbor = root(parent, neighbor)
            if region_id == 0 or neighbor == region_id:
                region_id = neighbor
                continue
            # The older region has the higher peak, since pixels come in decreasing order.
            high, low = min(region_id, neighbor), max(region_id, neighbor)
            significant[low] = np.sqrt(level[peak[low]]) - depth > np.sqrt(level[pixel])
            parent[low] = high
            region_id = high
        if region_id == 0:
            count += 1
            region_id = count
            parent[region_id] = region_id
            peak[region_id] = pixel
            significant[region_id] = True  # the highest peak of an object is always significant
        region[pixel] = region_id
    return region, parent[: count + 1], peak[: count + 1], significant[: count + 1]


@numba.njit(cache=True, nogil=True)
def _watershed(
    level: Levels,
    order: Pixels,
    steps: Pixels,
    depth: float,
    parent: Levels,
    peak: Pixels,
    chosen: NDArray[np.bool_],
    labels: Levels,
) -> None:
    """Flood from the extended minima of the chosen peaks; first in, first out within a level."""
    rank, ranks = _ranks(level, order)
    # One queue a level: waiting pixels are a linked list.
    head = np.full(ranks + 1, -1, np.int64)
    tail = np.full(ranks + 1, -1, np.int64)
    after = np.full(level.size, -1, np.int64)
    stack = np.empty(len(order), np.int64)
    current = ranks + 1
    for i in range(1, len(parent)):
        if not chosen[i]:
            continue
        # Extended minimum: what is connected to the peak and at most depth below it.
        floor = np.sqrt(level[peak[i]]) - depth
        labels[peak[i]] = i
        stack[0] = peak[i]
        waiting = 1
        while waiting:
            waiting -= 1
            pixel = stack[waiting]
            current = min(current, rank[pixel])
            _append(head, tail, after, rank[pixel], pixel)
            for step in steps:
                neighbor = pixel + step
                if level[neighbor] > 0 and labels[neighbor] == 0 and np.sqrt(level[neighbor]) >= floor:
                    labels[neighbor] = i
                    stack[waiting] = neighbor
                    waiting += 1
    while current <= ranks:
        pixel = head[current]
        if pixel < 0:
            current += 1
            continue
        head[current] = after[pixel]
        for step in steps:
            neighbor = pixel + step
            if level[neighbor] > 0 and labels[neighbor] == 0:
                labels[neighbor] = labels[pixel]
                _append(head, tail, after, rank[neighbor], neighbor)
                current = min(current, rank[neighbor])


@numba.njit(cache=True, nogil=True)
def _ranks(level: Levels, order: Pixels) -> Any:
    """Rank of each pixel's level, 0 the highest, and the last rank."""
    rank = np.zeros(level.size, np.int32)
    last = 0
    for i in range(1, len(order)):
        last += level[order[i]] != level[order[i - 1]]
        rank[order[i]] = last
    return rank, last


@numba.njit(cache=True, nogil=True)
def _append(head: Pixels, tail: Pixels, after: Pixels, queue: int, pixel: int) -> None:
    """Add a pixel at the end of a queue."""
    if head[queue] < 0:
        head[queue] = pixel
    else:
        after[tail[queue]] = pixel
    tail[queue] = pixel
