"""k-means on the colors of an image.

Pixels of one color belong to one cluster. k-means over 50,000 pixels therefore has nearly the same objective
as k-means over the few thousand bins of a fine histogram, weighted with their counts. Each bin is represented
by the mean of its pixels. The last iterations run over the pixels themselves, when few of them still change
their cluster; the algorithm ends at an optimum of k-means over pixels.

Many initializations are tried on a coarse histogram. Where they end in several optima of nearly the same
inertia, all of these are refined on the fine histogram and compared there.
"""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Mask
from leukokit.plugins.segment._lab import Chroma

Clusters = NDArray[np.int8]

# Widths of histogram bins in units of a and b. A fine width of 0.5 already changed nuclei on blurred smears.
_COARSE, _FINE = 1.0, 0.1
_INERTIA_TOLERANCE = 0.01  # optima within this fraction of the smallest coarse inertia are refined
_SAME_INERTIA = 1e-5  # relative difference of inertias below which two optima are the same
_TRIALS = 4  # candidates for each further center, of which the best is used
_MAX_ITERATIONS = 300
_COARSE_TOLERANCE = (
    1e-5  # squared shift of the centers at which the coarse search stops, as a fraction of the variance
)
_SEED = 281  # the random numbers are the same for every image: the component is deterministic


@cache
def _random_draws(restarts: int, k: int) -> FloatArray:
    draws = np.random.default_rng(_SEED).random((restarts, k, _TRIALS))
    draws.setflags(write=False)
    return draws


def cluster(a: Chroma, b: Chroma, mask: Mask, k: int, restarts: int) -> Clusters:
    """Cluster the colors of some pixels.

    Lloyd's algorithm, run to convergence, from ``restarts`` initializations by greedy k-means++ (Arthur and
    Vassilvitskii 2007); the optimum with the lowest sum of squares is used.

    Parameters
    ----------
    a, b : float32 arrays, H x W
    mask : bool array, H x W
        Pixels to cluster.
    k : int
        Number of clusters; fewer where there are fewer colors.
    restarts : int
        Number of initializations.

    Returns
    -------
    int8 array, H x W
        Cluster of each pixel, 0..k-1, and -1 outside ``mask``.
    """
    sums, count = _histogram(a, b, mask, _FINE)
    fine = _mean_colors(sums[:, :count])
    k = min(k, fine.shape[1])
    if k == 0:
        return np.full(mask.shape, -1, np.int8)
    coarse = _coarse_histogram(fine, _COARSE)
    if coarse.shape[1] < 4 * k:  # few colors: coarse bins might join two clusters
        coarse = fine
    centers = _search(coarse, fine, k, _random_draws(restarts, k))
    labels: Clusters = _final_labels(a, b, mask, centers)
    return labels


def rank_clusters(clusters: Clusters, key: NDArray[np.float32]) -> list[int]:
    """Order the clusters that occur by the mean of ``key`` over their pixels, lowest first."""
    means = _means(clusters, key, int(clusters.max()) + 1)
    return [int(c) for c in np.argsort(means, kind="stable") if np.isfinite(means[c])]


@numba.njit(cache=True, nogil=True)
def _means(clusters: Clusters, key: NDArray[np.float32], k: int) -> Any:
    total = np.zeros(k)
    number = np.zeros(k)
    for i in range(clusters.shape[0]):
        for j in range(clusters.shape[1]):
            c = clusters[i, j]
            if c >= 0:
                total[c] += key[i, j]
                number[c] += 1.0
    for c in range(k):
        total[c] = total[c] / number[c] if number[c] > 0.0 else np.inf
    return total


@numba.njit(cache=True, nogil=True)
def _histogram(a: Chroma, b: Chroma, mask: Mask, side: float) -> Any:
    """Sum of a, sum of b and count of pixels of occupied bins, float64 3 x ..., and the number of bins."""
    height, width = mask.shape
    low_a, low_b, high_a, high_b = np.inf, np.inf, -np.inf, -np.inf
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                low_a, high_a = min(low_a, a[i, j]), max(high_a, a[i, j])
                low_b, high_b = min(low_b, b[i, j]), max(high_b, b[i, j])
    if low_a > high_a:
        return np.zeros((3, 0)), 0
    columns = int((high_b - low_b) / side) + 1
    slots = np.full((int((high_a - low_a) / side) + 1) * columns, -1, np.int32)
    cells = np.zeros((3, min(slots.size, mask.size)))
    count = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                place = int((a[i, j] - low_a) / side) * columns + int((b[i, j] - low_b) / side)
                slot = slots[place]
                if slot < 0:
                    slot = count
                    slots[place] = slot
                    count += 1
                cells[0, slot] += a[i, j]
                cells[1, slot] += b[i, j]
                cells[2, slot] += 1.0
    return cells, count


@numba.njit(cache=True, nogil=True)
def _merged_cells(cells: FloatArray, side: float) -> Any:
    """Merge bins into larger ones: as :func:`_histogram`, of bins instead of pixels."""
    n = cells.shape[1]
    row, column = np.empty(n, np.int64), np.empty(n, np.int64)
    for p in range(n):
        row[p], column[p] = int(cells[0, p] / side), int(cells[1, p] / side)
    row -= row.min()
    column -= column.min()
    columns = column.max() + 1
    slots = np.full((row.max() + 1) * columns, -1, np.int32)
    joined = np.zeros((3, min(slots.size, n)))
    count = 0
    # In the order of the larger bins, whatever the order of the smaller ones
    for p in range(n):
        slots[row[p] * columns + column[p]] = 0
    for place in range(slots.size):
        if slots[place] == 0:
            slots[place] = count
            count += 1
    for p in range(n):
        slot = slots[row[p] * columns + column[p]]
        joined[0, slot] += cells[2, p] * cells[0, p]
        joined[1, slot] += cells[2, p] * cells[1, p]
        joined[2, slot] += cells[2, p]
    return joined, count


def _coarse_histogram(cells: FloatArray, side: float) -> FloatArray:
    """Merge bins into larger ones."""
    sums, count = _merged_cells(cells, side)
    return _mean_colors(sums[:, :count])


def _mean_colors(sums: FloatArray) -> FloatArray:
    """Mean a, mean b and count of each bin, float64 3 x n."""
    cells = np.ascontiguousarray(sums)
    cells[:2] /= cells[2]
    return cells


def _search(coarse: FloatArray, fine: FloatArray, k: int, draws: FloatArray) -> FloatArray:
    """Centers of the best optimum, float64 2 x k."""
    weight = coarse[2] / coarse[2].sum()
    mean = (coarse[:2] * weight).sum(axis=1, keepdims=True)
    tolerance = _COARSE_TOLERANCE * float(((coarse[:2] - mean) ** 2 * weight).sum())
    candidates = []
    for draw in draws:
        centers = _start(coarse, k, draw)
        candidates.append((_iterate(coarse, centers, tolerance), centers))
    candidates.sort(key=itemgetter(0))
    refined = []
    previous = -1.0
    for inertia, centers in candidates:
        if inertia <= candidates[0][0] * (1.0 + _INERTIA_TOLERANCE) and inertia > previous * (
            1.0 + _SAME_INERTIA
        ):
            previous = inertia
            refined.append((_iterate(fine, centers, tolerance), centers))
    best: FloatArray = min(refined, key=itemgetter(0))[1]
    _iterate(fine, best, 0.0)
    return best


@numba.njit(cache=True, nogil=True)
def _start(cells: FloatArray, k: int, draws: FloatArray) -> Any:
    """Draw centers among the bins (greedy k-means++): distant bins are more likely."""
    n = cells.shape[1]
    centers = np.empty((2, k))
    nearest = np.full(n, np.inf)
    candidate = np.empty(n)
    chosen = np.ones(n)
    for c in range(k):
        total = 0.0
        for p in range(n):
            total += (nearest[p] if c else 1.0) * cells[2, p]
        best = np.inf
        for trial in range(draws.shape[1] if c else 1):
            at, rest = 0, draws[c, trial] * total
            for p in range(n):
                share = (nearest[p] if c else 1.0) * cells[2, p]
                if share > 0.0:
                    at = p
                    rest -= share
                    if rest <= 0.0:
                        break
            potential = 0.0
            for p in range(n):
                d = (cells[0, p] - cells[0, at]) ** 2 + (cells[1, p] - cells[1, at]) ** 2
                candidate[p] = min(nearest[p], d)
                potential += candidate[p] * cells[2, p]
            if potential < best:
                best = potential
                chosen, candidate = candidate, chosen
                centers[0, c], centers[1, c] = cells[0, at], cells[1, at]
        nearest[:] = chosen
    return centers


@numba.njit(cache=True, nogil=True)
def _add_to_sums(sums: FloatArray, c: int, x: float, y: float, weight: float) -> None:
    sums[c, 0] += weight * x
    sums[c, 1] += weight * y
    sums[c, 2] += weight


@numba.njit(cache=True, nogil=True)
def _iterate(cells: FloatArray, centers: FloatArray, tolerance: float) -> Any:
    """Run Lloyd's algorithm in place until the squared shift is ``tolerance`` or less; return the inertia."""
    return _lloyd(cells, centers, tolerance)[0]


@numba.njit(cache=True, nogil=True)
def _lloyd(cells: FloatArray, centers: FloatArray, tolerance: float) -> Any:
    """Run Lloyd's algorithm in place; return the inertia and the cluster of each point.

    Hamerly's bound (2010, doi 10.1137/1.9781611972801.12) skips points whose cluster cannot have changed.
    """
    x, y, weight = cells[0], cells[1], cells[2]
    n, k = len(x), centers.shape[1]
    cluster_of = np.full(n, -1, np.int32)
    margin = np.full(
        n, -1.0
    )  # lower bound of the distance to the second nearest center less that to the nearest
    sums = np.zeros((k, 3))
    moved = np.zeros(k)
    for _ in range(_MAX_ITERATIONS):
        furthest = moved.max()
        for p in range(n):
            if cluster_of[p] >= 0:
                margin[p] -= moved[cluster_of[p]] + furthest
            if margin[p] >= 0.0:
                continue
            first, second, nearest = np.inf, np.inf, 0
            for c in range(k):
                d = (x[p] - centers[0, c]) ** 2 + (y[p] - centers[1, c]) ** 2
                if d < first:
                    first, second, nearest = d, first, c
                elif d < second:
                    second = d
            margin[p] = np.sqrt(second) - np.sqrt(first)
            if nearest != cluster_of[p]:
                if cluster_of[p] >= 0:
                    _add_to_sums(sums, cluster_of[p], x[p], y[p], -weight[p])
                _add_to_sums(sums, nearest, x[p], y[p], weight[p])
                cluster_of[p] = nearest
        shift = 0.0
        for c in range(k):
            moved[c] = 0.0
            if sums[c, 2] > 0.5:  # counts are whole numbers; an empty cluster stays where it is
                cx, cy = sums[c, 0] / sums[c, 2], sums[c, 1] / sums[c, 2]
                squared = (cx - centers[0, c]) ** 2 + (cy - centers[1, c]) ** 2
                shift += squared
                moved[c] = np.sqrt(squared)
                centers[0, c], centers[1, c] = cx, cy
        if shift <= tolerance:
            break
    inertia = 0.0
    for p in range(n):
        c = cluster_of[p]
        inertia += weight[p] * ((x[p] - centers[0, c]) ** 2 + (y[p] - centers[1, c]) ** 2)
    return inertia, cluster_of


@numba.njit(cache=True, nogil=True)
def _final_labels(a: Chroma, b: Chroma, mask: Mask, centers: FloatArray) -> Any:
    """Run Lloyd's algorithm over pixels to convergence; cluster of each pixel, -1 outside the mask."""
    height, width = mask.shape
    pixels = np.ones((3, np.count_nonzero(mask)))
    p = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                pixels[0, p], pixels[1, p] = a[i, j], b[i, j]
                p += 1
    cluster_of = _lloyd(pixels, centers, 0.0)[1]
    labels = np.full((height, width), -1, np.int8)
    p = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                labels[i, j] = cluster_of[p]
                p += 1
    return labels
