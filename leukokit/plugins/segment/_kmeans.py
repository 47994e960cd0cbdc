"""k-means on the colors of an image.

Pixels of one color belong to one cluster, so k-means over 50,000 pixels is k-means over the few thousand
cells of a fine histogram, weighted with their counts: the same objective, at a fraction of the points. Each
cell stands at the mean of its pixels, and in the end every pixel goes to the nearest center by its own color.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask

_COARSE = 0.5  # side of a histogram cell in units of a and b, for the search
_FINE = 0.1  # and for the end of the way
_TRIALS = 3  # candidates for each further center, of which the best is taken
_MAX_ITERATIONS = 300
_TOLERANCE = 1e-4  # of the variance; scikit-learn's
_SEARCH_TOLERANCE = 5e-3
_HOPEFUL = 1.1  # starts whose sum of squares is within this of the best are led to their end
_SAME = 0.05  # two starts that came this close, in units of a and b, go the same way
_SEED = 281  # the draws are the same for every image: the component is deterministic


@cache
def _draws(restarts: int, k: int) -> NDArray[np.float64]:
    return np.random.default_rng(_SEED).random((restarts, k, _TRIALS))


def cluster(ab: NDArray[np.float32], mask: Mask, k: int, restarts: int) -> NDArray[np.int8]:
    """Cluster the colors of some pixels.

    Lloyd's algorithm from ``restarts`` starts by greedy k-means++ (Arthur and Vassilvitskii 2007); the run of
    the lowest sum of squares is taken.

    Parameters
    ----------
    ab : float32 array, H x W x 2
    mask : bool array, H x W
        Pixels to cluster.
    k : int
        Clusters; fewer where there are fewer colors.
    restarts : int

    Returns
    -------
    int8 array, H x W
        Cluster of each pixel, 0..k-1, and -1 outside ``mask``.
    """
    fine, fine_weights = _histogram(ab, mask, _FINE)
    coarse, coarse_weights = _coarsen(fine, fine_weights, _COARSE)
    k = min(k, len(coarse))
    if k == 0:
        return np.full(mask.shape, -1, np.int8)
    centers = _search(coarse, coarse_weights, fine, fine_weights, _draws(restarts, k))
    labels: NDArray[np.int8] = _assign(ab, mask, centers)
    return labels


@numba.njit(cache=True, nogil=True)
def _histogram(ab: NDArray[np.float32], mask: Mask, cell: float) -> Any:
    """Mean and count of the pixels of each occupied cell."""
    height, width = mask.shape
    low_a, low_b, high_a, high_b = np.inf, np.inf, -np.inf, -np.inf
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                low_a, high_a = min(low_a, ab[i, j, 0]), max(high_a, ab[i, j, 0])
                low_b, high_b = min(low_b, ab[i, j, 1]), max(high_b, ab[i, j, 1])
    if low_a > high_a:
        return np.empty((0, 2)), np.empty(0)
    columns = int((high_b - low_b) / cell) + 1
    slots = np.full((int((high_a - low_a) / cell) + 1) * columns, -1, np.int32)
    points = np.zeros((min(slots.size, mask.size), 2))
    weights = np.zeros(len(points))
    count = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                place = int((ab[i, j, 0] - low_a) / cell) * columns + int((ab[i, j, 1] - low_b) / cell)
                slot = slots[place]
                if slot < 0:
                    slot = count
                    slots[place] = slot
                    count += 1
                points[slot, 0] += ab[i, j, 0]
                points[slot, 1] += ab[i, j, 1]
                weights[slot] += 1
    for slot in range(count):
        points[slot] /= weights[slot]
    return points[:count].copy(), weights[:count].copy()


@numba.njit(cache=True, nogil=True)
def _coarsen(points: NDArray[np.float64], weights: NDArray[np.float64], cell: float) -> Any:
    """Gather weighted points into larger cells."""
    if len(points) == 0:
        return points, weights
    low_a, low_b = points[:, 0].min(), points[:, 1].min()
    columns = int((points[:, 1].max() - low_b) / cell) + 1
    slots = np.full((int((points[:, 0].max() - low_a) / cell) + 1) * columns, -1, np.int32)
    sums = np.zeros((len(points), 2))
    counts = np.zeros(len(points))
    count = 0
    for p in range(len(points)):
        place = int((points[p, 0] - low_a) / cell) * columns + int((points[p, 1] - low_b) / cell)
        if slots[place] < 0:
            slots[place] = count
            count += 1
        slot = slots[place]
        sums[slot, 0] += points[p, 0] * weights[p]
        sums[slot, 1] += points[p, 1] * weights[p]
        counts[slot] += weights[p]
    for slot in range(count):
        sums[slot] /= counts[slot]
    return sums[:count].copy(), counts[:count].copy()


@numba.njit(cache=True, nogil=True)
def _search(
    coarse: NDArray[np.float64],
    coarse_weights: NDArray[np.float64],
    fine: NDArray[np.float64],
    fine_weights: NDArray[np.float64],
    draws: NDArray[np.float64],
) -> Any:
    """Search on the coarse histogram, and lead the best few to their end on the fine one."""
    restarts, k = draws.shape[0], draws.shape[1]
    variance = _variance(fine, fine_weights)
    all_centers = np.empty((restarts, k, 2))
    inertias = np.empty(restarts)
    for restart in range(restarts):
        all_centers[restart] = _start(coarse, coarse_weights, k, draws[restart])
        inertias[restart] = _iterate(
            coarse, coarse_weights, all_centers[restart], _SEARCH_TOLERANCE * variance
        )
    ranked = np.argsort(inertias)
    began = np.empty((restarts, k, 2))
    count = 0
    best = np.inf
    best_centers = all_centers[0]
    for restart in ranked:
        centers = all_centers[restart]
        if inertias[restart] > _HOPEFUL * inertias[ranked[0]] or _seen(began[:count], centers):
            continue
        began[count] = centers
        count += 1
        inertia = _iterate(fine, fine_weights, centers, _TOLERANCE * variance)
        if inertia < best:
            best = inertia
            best_centers = centers
    return best_centers


@numba.njit(cache=True, nogil=True)
def _seen(began: NDArray[np.float64], centers: NDArray[np.float64]) -> bool:
    for other in began:
        farthest = 0.0
        for c in range(len(centers)):
            nearest = np.inf
            for d in range(len(other)):
                gap = max(abs(centers[c, 0] - other[d, 0]), abs(centers[c, 1] - other[d, 1]))
                nearest = min(nearest, gap)
            farthest = max(farthest, nearest)
        if farthest < _SAME:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _variance(points: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean of the variances along a and b."""
    total = weights.sum()
    variance = 0.0
    for axis in range(2):
        mean = (points[:, axis] * weights).sum() / total
        variance += ((points[:, axis] - mean) ** 2 * weights).sum() / total / 2
    return variance


@numba.njit(cache=True, nogil=True)
def _start(points: NDArray[np.float64], weights: NDArray[np.float64], k: int, draws: Any) -> Any:
    """Choose centers among the points: far ones are more likely, and of a few the best is taken."""
    n = len(points)
    centers = np.empty((k, 2))
    cumulative = np.cumsum(weights)
    first = min(np.searchsorted(cumulative, draws[0, 0] * cumulative[-1]), n - 1)
    centers[0] = points[first]
    nearest = np.empty(n)
    for p in range(n):
        nearest[p] = (points[p, 0] - centers[0, 0]) ** 2 + (points[p, 1] - centers[0, 1]) ** 2
    candidate = np.empty(n)
    chosen = np.empty(n)
    for c in range(1, k):
        cumulative = np.cumsum(nearest * weights)
        best = np.inf
        for trial in range(draws.shape[1]):
            at = min(np.searchsorted(cumulative, draws[c, trial] * cumulative[-1]), n - 1)
            potential = 0.0
            for p in range(n):
                d = (points[p, 0] - points[at, 0]) ** 2 + (points[p, 1] - points[at, 1]) ** 2
                candidate[p] = min(nearest[p], d)
                potential += candidate[p] * weights[p]
            if potential < best:
                best = potential
                chosen[:] = candidate
                centers[c] = points[at]
        nearest[:] = chosen
    return centers


@numba.njit(cache=True, nogil=True)
def _iterate(
    points: NDArray[np.float64], weights: NDArray[np.float64], centers: NDArray[np.float64], tolerance: float
) -> float:
    k = len(centers)
    sums = np.empty((k, 2))
    counts = np.empty(k)
    inertia = 0.0
    for _ in range(_MAX_ITERATIONS):
        sums[:] = 0.0
        counts[:] = 0.0
        inertia = 0.0
        for p in range(len(points)):
            x, y, weight = points[p, 0], points[p, 1], weights[p]
            home = 0
            least = (x - centers[0, 0]) ** 2 + (y - centers[0, 1]) ** 2
            for c in range(1, k):
                d = (x - centers[c, 0]) ** 2 + (y - centers[c, 1]) ** 2
                home = c if d < least else home  # without a branch: half the time
                least = min(d, least)
            inertia += least * weight
            sums[home, 0] += x * weight
            sums[home, 1] += y * weight
            counts[home] += weight
        shift = 0.0
        for c in range(k):
            if counts[c] > 0:  # an empty cluster stays where it is
                x, y = sums[c, 0] / counts[c], sums[c, 1] / counts[c]
                shift += (x - centers[c, 0]) ** 2 + (y - centers[c, 1]) ** 2
                centers[c, 0], centers[c, 1] = x, y
        if shift <= tolerance:
            break
    return inertia


@numba.njit(cache=True, nogil=True)
def _assign(ab: NDArray[np.float32], mask: Mask, centers: NDArray[np.float64]) -> Any:
    height, width = mask.shape
    labels = np.full((height, width), -1, np.int8)
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                home, least = 0, np.inf
                for c in range(len(centers)):
                    d = (ab[i, j, 0] - centers[c, 0]) ** 2 + (ab[i, j, 1] - centers[c, 1]) ** 2
                    if d < least:
                        least, home = d, c
                labels[i, j] = home
    return labels
