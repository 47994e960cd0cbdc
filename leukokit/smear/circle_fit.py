"""Fitting of circles, slightly oval ones included, to edges whose dark side faces the center.

The radius in direction t is r + p cos 2t + q sin 2t, an ellipse to first order; r is its mean. A fit without
p and q follows the short axis of an oval cell, where most edges face the center: 10 to 20 % too small on
smears.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float64]

_ITERATIONS = 5
# Most lengths are fractions of the radius.
_MIN_DISTANCE, _MAX_DISTANCE = 0.65, 1.5  # range of distances from the center in which edges are used
# Cosine of the angle between an edge's dark side and the center; 28 degrees at the side of an oval of axes
# 3:5
_MIN_COSINE = 0.8
_ROUGH_COSINE = 0.5  # the same for the initial circle
_CUTOFF = 0.3  # residual from which an edge has weight 0 (Tukey's biweight)
_REGULARIZATION = 0.05  # of the weight of all edges: keeps center and shape where an arc leaves them open
_MAX_ELONGATION = 0.25  # of p and q together: axes of 3:5
_MAX_STEP = 0.2  # largest shift of center or radius in one iteration
_MIN_EDGES = 6
_RIM, _RIM_PX = 0.15, 1.0  # largest residual of edges on the rim, as a fraction of the radius and in px
_SECTORS = 24


@numba.njit(cache=True, nogil=True)
def fit_circles(points: NDArray[np.float32], starts: _FloatArray, height: int, width: int) -> Any:
    """Fit circles, starting from initial estimates.

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
        y, x, mean radius, share of the rim with edges (corrected for edges expected by chance), and share of
        the rim inside the image.
    """
    fits = np.zeros((starts.shape[0], 5))
    row_start = np.zeros(height + 1, np.int64)
    for i in range(points.shape[0]):
        row_start[int(points[i, 0]) + 1] += 1
    for y in range(height):
        row_start[y + 1] += row_start[y]
    nearby = np.empty((points.shape[0], 4))
    shape = np.empty(5)
    for i in range(starts.shape[0]):
        y, x, r = starts[i]
        span = 1.8 * r
        first, last = row_start[max(0, int(y - span))], row_start[min(height, int(y + span) + 1)]
        count = 0
        for j in range(first, last):
            dy, dx = y - points[j, 0], x - points[j, 1]
            squared = dy * dy + dx * dx
            # Edges that do not even roughly face the initial center will not face the fitted one
            toward = dy * points[j, 2] + dx * points[j, 3]
            if squared <= span * span and toward > 0.0 and toward * toward >= _ROUGH_COSINE**2 * squared:
                nearby[count] = points[j]
                count += 1
        shape[:] = y, x, r, 0.0, 0.0
        _fit(nearby[:count], shape)
        fits[i, 0], fits[i, 1], fits[i, 2] = shape[0], shape[1], shape[2]
        fits[i, 3], fits[i, 4] = _rim(nearby[:count], shape, height, width)
    return fits


@numba.njit(cache=True, nogil=True)
def _fit(points: _FloatArray, shape: _FloatArray) -> None:
    """Fit y, x, r, p, q in place: the radius from the median distance first, then Gauss-Newton steps."""
    normal, step, slope = np.zeros((5, 5)), np.zeros(5), np.empty(5)
    distances = np.empty(points.shape[0])
    for iteration in range(_ITERATIONS):
        y, x, r, p, q = shape
        normal[:] = 0.0
        step[:] = 0.0
        count = 0
        for j in range(points.shape[0]):
            dy, dx = y - points[j, 0], x - points[j, 1]
            squared = dy * dy + dx * dx
            if squared <= (_MIN_DISTANCE * r) ** 2 or squared >= (_MAX_DISTANCE * r) ** 2:
                continue
            d = np.sqrt(squared)
            ny, nx = dy / d, dx / d
            if ny * points[j, 2] + nx * points[j, 3] < _MIN_COSINE:
                continue
            distances[count] = d
            count += 1
            slope[0], slope[1], slope[2], slope[3], slope[4] = -ny, -nx, 1.0, nx * nx - ny * ny, 2.0 * nx * ny
            residual = d - r - p * slope[3] - q * slope[4]
            weight = 1.0 - (residual / (_CUTOFF * r)) ** 2
            if weight > 0.0:
                for a in range(5):
                    step[a] += weight * weight * slope[a] * residual
                    for b in range(a + 1):
                        normal[a, b] += weight * weight * slope[a] * slope[b]
        if count < _MIN_EDGES:
            return
        if iteration == 0:
            shape[2] = np.median(distances[:count])
            continue
        total = normal[2, 2] + 1e-9
        for a in range(5):
            normal[a, a] += (_REGULARIZATION if a != 2 else 0.0) * total + 1e-9
        step[3] -= _REGULARIZATION * total * p
        step[4] -= _REGULARIZATION * total * q
        _solve(normal, step)
        for a in range(3):
            shape[a] += min(max(step[a], -_MAX_STEP * r), _MAX_STEP * r)
        shape[3], shape[4] = p + step[3], q + step[4]
        elongation = np.hypot(shape[3], shape[4])
        if elongation > _MAX_ELONGATION * shape[2]:
            shape[3] *= _MAX_ELONGATION * shape[2] / elongation
            shape[4] *= _MAX_ELONGATION * shape[2] / elongation


@numba.njit(cache=True, nogil=True)
def _rim(points: _FloatArray, shape: _FloatArray, height: int, width: int) -> Any:
    """Share of the rim with edges, corrected for chance, and share of the rim inside the image."""
    y, x, r, p, q = shape
    has_edge = np.zeros(_SECTORS, np.bool_)
    tolerance = max(_RIM * r, _RIM_PX)
    off_rim = 0
    for j in range(points.shape[0]):
        dy, dx = y - points[j, 0], x - points[j, 1]
        d = np.hypot(dy, dx)
        if d == 0.0 or dy * points[j, 2] + dx * points[j, 3] < _MIN_COSINE * d:
            continue
        residual = d - r - (p * (dx * dx - dy * dy) + q * 2.0 * dx * dy) / (d * d)
        if abs(residual) > tolerance:
            off_rim += (_MIN_DISTANCE - 1.0) * r < residual < (_MAX_DISTANCE - 1.0) * r
        else:
            sector = int((np.arctan2(dy, dx) / (2.0 * np.pi) + 0.5) * _SECTORS)
            has_edge[min(sector, _SECTORS - 1)] = True
    visible = 0
    for sector in range(_SECTORS):
        angle = ((sector + 0.5) / _SECTORS - 0.5) * 2.0 * np.pi
        d = r + p * np.cos(2.0 * angle) + q * np.sin(2.0 * angle)
        rim_y, rim_x = y - d * np.sin(angle), x - d * np.cos(angle)
        visible += 0 <= rim_y < height and 0 <= rim_x < width
    # In texture there are edges everywhere: edges off the rim give the share of sectors expected by chance.
    rim_area = 4.0 * np.pi * r * tolerance
    outside_area = np.pi * r * r * (_MAX_DISTANCE**2 - _MIN_DISTANCE**2) - rim_area
    expected = 1.0 - np.exp(-off_rim / (max(outside_area, 1.0) * max(visible, 1)) * rim_area)
    share = max(0.0, (has_edge.sum() / max(visible, 1) - expected) / max(1.0 - expected, 1e-9))
    return min(1.0, share) * visible / _SECTORS, visible / _SECTORS


@numba.njit(cache=True, nogil=True)
def _solve(normal: _FloatArray, right: _FloatArray) -> None:
    """Solve normal equations in place by Cholesky decomposition of the lower triangle of ``normal``."""
    n = right.size
    for i in range(n):
        for j in range(i + 1):
            remainder = normal[i, j]
            for k in range(j):
                remainder -= normal[i, k] * normal[j, k]
            normal[i, j] = np.sqrt(max(remainder, 1e-12)) if i == j else remainder / normal[j, j]
        for k in range(i):
            right[i] -= normal[i, k] * right[k]
        right[i] /= normal[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= normal[k, i] * right[k]
        right[i] /= normal[i, i]
