"""Accumulator of the Hough transform: votes of edges for the centers of dark disks."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float32]

_TOLERANCE = 0.18  # of the radius: largest distance of a vote from the center, since red cells are not round
_REACH = 2  # smallest reach of the window, in grid cells: 3 x 3 would miss votes of small red cells


@numba.njit(cache=True, nogil=True)
def vote(points: _FloatArray, height: int, width: int, radii: NDArray[np.float64], cell: int) -> Any:
    """Count votes of edges for centers.

    Parameters
    ----------
    points : float32 array (n, 4)
        Edge pixels: y, x, and the unit vector (y, x) toward the darker side.
    height, width : int
        Of the image.
    radii : float64 array
        In px.
    cell : int
        Side of the grid cells that votes are counted in, in px.

    Returns
    -------
    tuple of float32 arrays, one value a cell
        The largest share, over all radii, of a circumference that voted within the tolerance, less the share
        expected by chance; and the radius of that share (0 where there is none).
    """
    rows, columns = (height + cell - 1) // cell, (width + cell - 1) // cell
    share = np.zeros((rows, columns), np.float32)
    radius = np.zeros((rows, columns), np.float32)
    half = np.float32(0.5)
    density = points.shape[0] / (height * width)
    for r in radii:
        reach = max(_REACH, int(_TOLERANCE * r / cell + 0.5))
        # Padded by the window's reach, so that sums need no special case at the border.
        counts = np.zeros((rows + 2 * reach + 1, columns + 2 * reach + 1), np.int16)
        step = np.float32(r)
        for i in range(points.shape[0]):
            y = int(np.floor(points[i, 0] + points[i, 2] * step + half))
            x = int(np.floor(points[i, 1] + points[i, 3] * step + half))
            if 0 <= y < height and 0 <= x < width:
                counts[y // cell + reach + 1, x // cell + reach + 1] += 1
        by_chance = np.float32(density * (cell * (2 * reach + 1)) ** 2 / (2.0 * np.pi * r))
        _keep_largest(counts, reach, step, by_chance, share, radius)
    return share, radius


@numba.njit(cache=True, nogil=True)
def _keep_largest(
    counts: NDArray[np.int16],
    reach: int,
    step: np.float32,
    by_chance: np.float32,
    share: _FloatArray,
    radius: _FloatArray,
) -> None:
    """Sum votes over windows; store in place the share of the circumference where it is a new maximum."""
    height, width = share.shape
    per_vote = np.float32(1.0 / (2.0 * np.pi * step))
    columns = np.zeros(counts.shape[1], np.int16)
    row = np.empty(width, np.int16)
    for y in range(2 * reach):
        for x in range(columns.size):
            columns[x] += counts[y + 1, x]
    for y in range(height):
        for x in range(columns.size):
            columns[x] += counts[y + 2 * reach + 1, x] - counts[y, x]
        # Windows are 5 to 9 wide: adding so many vectors is faster than one running sum
        row[:] = 0
        for k in range(1, 2 * reach + 2):
            for x in range(width):
                row[x] += columns[x + k]
        for x in range(width):  # a separate loop, which the compiler turns into vector instructions
            value = np.float32(row[x]) * per_vote - by_chance
            if value > share[y, x]:
                share[y, x] = value
                radius[y, x] = step


@numba.njit(cache=True, nogil=True)
def local_maxima(share: _FloatArray, radius: _FloatArray, least: float, by_chance: float) -> Any:
    """Find grid cells with no larger value within 3 cells.

    Parameters
    ----------
    share, radius : float32 arrays
        Of :func:`vote`.
    least, by_chance : float
        Shares up to ``least + by_chance / radius`` are left out.

    Returns
    -------
    tuple of int64 arrays
        Rows and columns.
    """
    height, width = share.shape
    maxima = np.empty((2, share.size), np.int64)
    count = 0
    for y in range(height):
        for x in range(width):
            if share[y, x] <= least + by_chance / max(radius[y, x], np.float32(1.0)):
                continue
            highest = True
            for v in range(max(0, y - 3), min(height, y + 4)):
                for u in range(max(0, x - 3), min(width, x + 4)):
                    if share[v, u] > share[y, x]:
                        highest = False
            if highest:
                maxima[0, count], maxima[1, count] = y, x
                count += 1
    return maxima[0, :count], maxima[1, :count]
