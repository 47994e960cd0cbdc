"""Watershed of the distance map in which shallow maxima are suppressed first (Eddins 2013)."""

from __future__ import annotations

import heapq
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask
from leukokit.plugins.segment._union_find import root


def split(mask: Mask, depth: float) -> LabelImage:
    """Label the objects of a mask, touching ones apart.

    Maxima of the distance to the background that rise at most ``depth`` above the saddle to a higher one are
    no objects of their own; the others are the markers from which the negated distance map is flooded. Every
    connected object keeps the marker of its highest maximum.

    Parameters
    ----------
    mask : bool array, H x W
    depth : float
        In px.

    Returns
    -------
    int32 array, H x W
        0 outside; ids 1..n in the order of the markers' first pixels.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    if mask.all():  # no background to measure a distance from
        return np.ones(mask.shape, np.int32)
    precise = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The exact transform gives roots of whole numbers; their squares can be sorted by counting.
    squared = np.rint(np.square(precise.astype(np.float64))).astype(np.int64)
    labels: LabelImage = _flood(squared, depth)
    return labels


@numba.njit(cache=True, nogil=True)
def _falling(squared: NDArray[np.int64], width: int) -> Any:
    """Pixels of the framed image in falling order of distance."""
    rows, columns = squared.shape
    top = squared.max()
    starts = np.zeros(top + 2, np.int64)
    for i in range(rows):
        for j in range(columns):
            if squared[i, j] > 0:
                starts[top - squared[i, j] + 1] += 1
    for level in range(1, top + 2):
        starts[level] += starts[level - 1]
    order = np.empty(starts[top], np.int64)
    for i in range(rows):
        for j in range(columns):
            if squared[i, j] > 0:
                slot = top - squared[i, j]
                order[starts[slot]] = (i + 1) * width + j + 1
                starts[slot] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _flood(squared: NDArray[np.int64], depth: float) -> Any:
    rows, columns = squared.shape
    width = columns + 2  # a frame of background: no neighbor is outside
    height = np.zeros((rows + 2) * width, np.float64)
    for i in range(rows):
        for j in range(columns):
            height[(i + 1) * width + j + 1] = np.sqrt(squared[i, j])
    order = _falling(squared, width)
    markers = _markers(order, height, width, depth)
    flooded = _flood_from(markers, order, height, width)
    ids = np.zeros(len(order) + 1, np.int32)
    count = 0
    labels = np.zeros((rows, columns), np.int32)
    for i in range(rows):
        for j in range(columns):
            label = flooded[(i + 1) * width + j + 1]
            if label:
                if ids[label] == 0:
                    count += 1
                    ids[label] = count
                labels[i, j] = ids[label]
    return labels


@numba.njit(cache=True, nogil=True)
def _markers(order: NDArray[np.int64], height: NDArray[np.float64], width: int, depth: float) -> Any:
    """Regional maxima of the h-maxima transform: a number for each, at all its pixels."""
    steps = (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
    basin = np.zeros(len(height), np.int32)
    parent = np.zeros(len(order) + 1, np.int32)
    peak = np.zeros(len(order) + 1, np.int64)
    apart = np.zeros(len(order) + 1, np.bool_)
    count = 0
    for pixel in order:
        level = height[pixel]
        home = 0
        for step in steps:
            if basin[pixel + step] == 0:
                continue
            near = root(parent, basin[pixel + step])
            if home == 0 or near == home:
                home = near
                continue
            # Two hills meet here. The one founded first is the higher: pixels come in falling order. The
            # lower stays a hill of its own if it rises more than depth above this saddle; the land below
            # belongs to the higher one, whose peak every later saddle is compared with.
            high, low = min(home, near), max(home, near)
            apart[low] = height[peak[low]] - level > depth
            parent[low] = high
            home = high
        if home == 0:
            count += 1
            parent[count] = count
            peak[count] = pixel
            apart[count] = True
            home = count
        basin[pixel] = home
    markers = np.zeros(len(height), np.int32)
    stack = np.empty(len(order), np.int64)
    for hill in range(1, count + 1):
        if not apart[hill] or markers[peak[hill]]:
            continue
        floor = height[peak[hill]] - depth
        markers[peak[hill]] = hill
        stack[0] = peak[hill]
        size = 1
        while size:
            size -= 1
            pixel = stack[size]
            for step in steps:
                near = pixel + step
                if markers[near] == 0 and height[near] > 0 and height[near] >= floor:
                    markers[near] = hill
                    stack[size] = near
                    size += 1
    return markers


@numba.njit(cache=True, nogil=True)
def _flood_from(
    markers: NDArray[np.int32], order: NDArray[np.int64], height: NDArray[np.float64], width: int
) -> Any:
    """Flood from the markers downhill, the highest pixel first, of equals the one reached first."""
    steps = (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
    labels = markers.copy()
    heap = [(0.0, 0, 0)]
    heap.clear()
    age = 0
    for pixel in np.sort(order):
        if labels[pixel]:
            for step in steps:
                if labels[pixel + step] == 0 and height[pixel + step] > 0:
                    heapq.heappush(heap, (-height[pixel], 0, pixel))
                    break
    while heap:
        _, _, pixel = heapq.heappop(heap)
        for step in steps:
            near = pixel + step
            if labels[near] == 0 and height[near] > 0:
                labels[near] = labels[pixel]
                age += 1
                heapq.heappush(heap, (-height[near], age, near))
    return labels
