"""Exact Euclidean distance to the background, squared, in time linear in the pixels of the foreground."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask


def squared_distance_transform(mask: Mask) -> NDArray[np.int32]:
    """Square the distance from each pixel of a mask to the nearest pixel outside of it.

    Parameters
    ----------
    mask : bool array, H x W
        With at least one pixel outside. The area beyond the image does not count as background.

    Returns
    -------
    int32 array, H + 2 x W + 2
        In px squared, exact; 0 outside the mask and in a frame of one pixel, so that no neighbor is outside.

    Notes
    -----
    Distances along the columns, then the lower envelope of their parabolas along each row (Meijster et al.
    2000, doi 10.1007/0-306-47025-X_36). The ends of a run are background, and no pixel beyond them can be
    nearer. Envelopes are therefore computed by run, and the background of a smear takes no time.
    """
    squared: NDArray[np.int32] = _squared(mask)
    return squared


@numba.njit(cache=True, nogil=True)
def _squared(mask: Mask) -> Any:
    rows, columns = mask.shape
    column = _down_columns(mask)
    squared = np.zeros((rows + 2, columns + 2), np.int32)
    site = np.empty(columns, np.int64)  # columns whose parabolas form the envelope, from left to right
    begin = np.empty(columns, np.int64)  # where each of them becomes the lowest
    for i in range(rows):
        stop = 0
        while stop < columns:
            if not mask[i, stop]:
                stop += 1
                continue
            first = max(0, stop - 1)
            while stop < columns and mask[i, stop]:
                stop += 1
            last = min(columns - 1, stop)
            count = 1
            site[0], begin[0] = first, first
            for j in range(first + 1, last + 1):
                height = np.int64(column[i, j]) ** 2
                while count:
                    at = begin[count - 1]
                    top = site[count - 1]
                    if (at - top) ** 2 + np.int64(column[i, top]) ** 2 <= (at - j) ** 2 + height:
                        break
                    count -= 1
                if count == 0:
                    site[0], begin[0] = j, first
                    count = 1
                    continue
                top = site[count - 1]
                gain = height - np.int64(column[i, top]) ** 2
                start = 1 + (j * j - top * top + gain) // (2 * (j - top))
                if start <= last:
                    site[count], begin[count] = j, start
                    count += 1
            for j in range(last, first - 1, -1):
                top = site[count - 1]
                squared[i + 1, j + 1] = (j - top) ** 2 + np.int64(column[i, top]) ** 2
                if j == begin[count - 1]:
                    count -= 1
    return squared


@numba.njit(cache=True, nogil=True)
def _down_columns(mask: Mask) -> Any:
    """Distance to the nearest background pixel of the column, int32 H x W; large where there is none."""
    rows, columns = mask.shape
    unreachable = rows + columns  # further than any pixel of the image
    distance = np.empty((rows, columns), np.int32)
    for j in range(columns):
        distance[0, j] = unreachable if mask[0, j] else 0
    for i in range(1, rows):
        for j in range(columns):
            distance[i, j] = min(distance[i - 1, j] + 1, unreachable) if mask[i, j] else 0
    for i in range(rows - 2, -1, -1):
        for j in range(columns):
            distance[i, j] = min(distance[i, j], distance[i + 1, j] + 1)
    return distance
