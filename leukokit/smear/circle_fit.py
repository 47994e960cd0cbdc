"""Circles fitted to the edges that face their center, allowing for cells that are a little oval.

The radius in direction t is r + p cos 2t + q sin 2t, an ellipse to first order; r is its mean. A plain circle
settles on the short axis of an oval cell, where most edges face its center: 10 to 20 % short on smears.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float64]

_TURNS = 5
_NEAREST, _FURTHEST = 0.65, 1.5  # of the radius: edges that are looked at
_FACING = 0.8  # cosine between an edge's dark side and the center; 28 degrees on the flank of an oval of 3:5
_ROUGHLY = 0.5  # the same, of the rough circle
_FORGET = 0.3  # of the radius: residual at which an edge has lost all weight (Tukey's biweight)
_STIFF = 0.05  # of the weight of all edges: arcs that leave center or shape open keep the circle
_OVAL = 0.25  # of the radius: largest p and q together, axes of 3:5
_MOVE = 0.2  # of the radius: furthest a turn moves center or radius
_FEWEST = 6  # edges; fewer than that fit anything
_RIM, _RIM_PX = 0.15, 1.0  # of the radius, and px: how near to the fit an edge is part of its rim
_SECTORS = 24


@numba.njit(cache=True, nogil=True)
def fit_circles(points: NDArray[np.float32], starts: _FloatArray, height: int, width: int) -> Any:
    """Fit circles, from rough ones.

    Parameters
    ----------
    points : float32 array (n, 4)
        Edge pixels in the order of their rows: y, x, and the unit vector (y, x) toward the darker side.
    starts : float64 array (m, 3)
        y, x, radius in px.
    height, width : int
        Of the image.

    Returns
    -------
    float64 array (m, 5)
        y, x, mean radius, share of the rim along which there are such edges, less what is there by
        chance, and share of the rim that is in the image.
    """
    fits = np.zeros((starts.shape[0], 5))
    row_start = np.zeros(height + 1, np.int64)
    for i in range(points.shape[0]):
        row_start[int(points[i, 0]) + 1] += 1
    for y in range(height):
        row_start[y + 1] += row_start[y]
    near = np.empty((points.shape[0], 4))
    shape = np.empty(5)
    for i in range(starts.shape[0]):
        y, x, r = starts[i]
        span = 1.8 * r
        first, last = row_start[max(0, int(y - span))], row_start[min(height, int(y + span) + 1)]
        count = 0
        for j in range(first, last):
            dy, dx = y - points[j, 0], x - points[j, 1]
            squared = dy * dy + dx * dx
            # Others than those that roughly face the start do not face the center that the fit ends at
            toward = dy * points[j, 2] + dx * points[j, 3]
            if squared <= span * span and toward > 0.0 and toward * toward >= _ROUGHLY**2 * squared:
                near[count] = points[j]
                count += 1
        shape[:] = y, x, r, 0.0, 0.0
        _fit(near[:count], shape)
        fits[i, 0], fits[i, 1], fits[i, 2] = shape[0], shape[1], shape[2]
        fits[i, 3], fits[i, 4] = _rim(near[:count], shape, height, width)
    return fits


@numba.njit(cache=True, nogil=True)
def _fit(points: _FloatArray, shape: _FloatArray) -> None:
    """Improve y, x, r, p, q in place: the median distance first, then Gauss-Newton steps."""
    normal, step, slope = np.zeros((5, 5)), np.zeros(5), np.empty(5)
    distances = np.empty(points.shape[0])
    for turn in range(_TURNS):
        y, x, r, p, q = shape
        normal[:] = 0.0
        step[:] = 0.0
        count = 0
        for j in range(points.shape[0]):
            dy, dx = y - points[j, 0], x - points[j, 1]
            squared = dy * dy + dx * dx
            if squared <= (_NEAREST * r) ** 2 or squared >= (_FURTHEST * r) ** 2:
                continue
            d = np.sqrt(squared)
            ny, nx = dy / d, dx / d
            if ny * points[j, 2] + nx * points[j, 3] < _FACING:
                continue
            distances[count] = d
            count += 1
            slope[0], slope[1], slope[2], slope[3], slope[4] = -ny, -nx, 1.0, nx * nx - ny * ny, 2.0 * nx * ny
            off = d - r - p * slope[3] - q * slope[4]
            weight = 1.0 - (off / (_FORGET * r)) ** 2
            if weight > 0.0:
                for a in range(5):
                    step[a] += weight * weight * slope[a] * off
                    for b in range(a + 1):
                        normal[a, b] += weight * weight * slope[a] * slope[b]
        if count < _FEWEST:
            return
        if turn == 0:
            shape[2] = np.median(distances[:count])
            continue
        total = normal[2, 2] + 1e-9
        for a in range(5):
            normal[a, a] += (_STIFF if a != 2 else 0.0) * total + 1e-9
        step[3] -= _STIFF * total * p
        step[4] -= _STIFF * total * q
        _solve(normal, step)
        for a in range(3):
            shape[a] += min(max(step[a], -_MOVE * r), _MOVE * r)
        shape[3], shape[4] = p + step[3], q + step[4]
        oval = np.hypot(shape[3], shape[4])
        if oval > _OVAL * shape[2]:
            shape[3] *= _OVAL * shape[2] / oval
            shape[4] *= _OVAL * shape[2] / oval


@numba.njit(cache=True, nogil=True)
def _rim(points: _FloatArray, shape: _FloatArray, height: int, width: int) -> Any:
    """Share of the rim with edges, less what is there by chance, and share of it that is in the image."""
    y, x, r, p, q = shape
    has_edge = np.zeros(_SECTORS, np.bool_)
    tolerance = max(_RIM * r, _RIM_PX)
    stray = 0
    for j in range(points.shape[0]):
        dy, dx = y - points[j, 0], x - points[j, 1]
        d = np.hypot(dy, dx)
        if d == 0.0 or dy * points[j, 2] + dx * points[j, 3] < _FACING * d:
            continue
        off = d - r - (p * (dx * dx - dy * dy) + q * 2.0 * dx * dy) / (d * d)
        if abs(off) > tolerance:
            stray += (_NEAREST - 1.0) * r < off < (_FURTHEST - 1.0) * r
        else:
            sector = int((np.arctan2(dy, dx) / (2.0 * np.pi) + 0.5) * _SECTORS)
            has_edge[min(sector, _SECTORS - 1)] = True
    visible = 0
    for sector in range(_SECTORS):
        angle = ((sector + 0.5) / _SECTORS - 0.5) * 2.0 * np.pi
        d = r + p * np.cos(2.0 * angle) + q * np.sin(2.0 * angle)
        rim_y, rim_x = y - d * np.sin(angle), x - d * np.cos(angle)
        visible += 0 <= rim_y < height and 0 <= rim_x < width
    # In texture edges lie everywhere: how many sectors have one by chance is told by those beside the rim.
    rim_area = 4.0 * np.pi * r * tolerance
    beside = np.pi * r * r * (_FURTHEST**2 - _NEAREST**2) - rim_area
    by_chance = 1.0 - np.exp(-stray / (max(beside, 1.0) * max(visible, 1)) * rim_area)
    share = max(0.0, (has_edge.sum() / max(visible, 1) - by_chance) / max(1.0 - by_chance, 1e-9))
    return min(1.0, share) * visible / _SECTORS, visible / _SECTORS


@numba.njit(cache=True, nogil=True)
def _solve(normal: _FloatArray, right: _FloatArray) -> None:
    """Solve normal equations in place by Cholesky's method; of ``normal`` the lower triangle is read."""
    n = right.size
    for i in range(n):
        for j in range(i + 1):
            rest = normal[i, j]
            for k in range(j):
                rest -= normal[i, k] * normal[j, k]
            normal[i, j] = np.sqrt(max(rest, 1e-12)) if i == j else rest / normal[j, j]
        for k in range(i):
            right[i] -= normal[i, k] * right[k]
        right[i] /= normal[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= normal[k, i] * right[k]
        right[i] /= normal[i, i]
