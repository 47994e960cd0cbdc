"""Dark disks on light ground: a Hough transform whose edges vote toward their dark side.

Each edge pixel votes for one center a radius, along its gradient (Kimme, Ballard and Sklansky 1975, doi
10.1145/360666.360677). The rim of a pale center is darker outside, so it votes away from the cell and
does not make a circle of its own.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.circle_fit import fit_circles

_FloatArray = NDArray[np.float32]
_Circles = NDArray[np.float64]

SMALLEST, STEP, MANY = 4.5, 1.12, 25
RADII: NDArray[np.float64] = np.asarray(SMALLEST * STEP ** np.arange(MANY), np.float64)
"""Radii that are tried where nothing is known: a geometric row, 4.5 to 68 px."""

_TOLERANCE = 0.16  # of the radius: how far from the center a vote counts; red cells are not quite round
_WIDEST = 0.8  # of the shorter side: a wider circle shows too little of itself
_FEWEST_EDGES = 30  # fewer are the rim of one small disk
# Least share of the visible circumference that must vote; small circles get some votes by chance.
_LEAST_SHARE, _BY_CHANCE = 0.42, 1.2
_LEAST_RIM = 0.5  # of the visible rim of the fitted circle must be edge
_VISIBLE = 0.4  # a circle of which the frame shows less must have all the votes of this share
_APART = 0.8  # of the larger radius, between centers
_ANGLES = np.arange(24) * (2 * np.pi / 24)


def find_circles(
    points: _FloatArray, shape: tuple[int, int], radii: NDArray[np.float64] = RADII
) -> NDArray[np.float64]:
    """Find dark disks.

    Parameters
    ----------
    points : float32 array (n, 4)
        Edge pixels in the order of their rows: y, x, and the unit vector (y, x) toward the darker side.
    shape : tuple of int
        Height and width of the image.
    radii : float64 array
        Radii to try, in px.

    Returns
    -------
    float64 array (n, 4)
        y, x, radius in px (the mean one of an oval), and the share of its whole rim along which there is an
        edge; the surest first.
    """
    radii = radii[2 * radii <= _WIDEST * min(shape)]
    if len(points) < _FEWEST_EDGES or not len(radii):
        return np.zeros((0, 4))
    share, radius = vote(points, shape[0], shape[1], radii)
    fits = fit_circles(points, _peaks(share, radius), shape[0], shape[1])
    rim = fits[:, 3] / np.maximum(fits[:, 4], _VISIBLE)
    sure = rim >= _LEAST_RIM
    fits, rim = fits[sure], rim[sure]
    order = np.argsort(-rim * np.sqrt(fits[:, 2]), kind="stable")
    found: _Circles = apart(fits[order, :4])
    return found


def _peaks(share: _FloatArray, radius: _FloatArray) -> _Circles:
    """Local maxima with votes enough for what is visible of their circle: y, x, radius, float64 (n, 3)."""
    height, width = share.shape
    top = cv2.dilate(share, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    y, x = np.nonzero((share >= top) & (share > 0.5 * _LEAST_SHARE + _BY_CHANCE / np.maximum(radius, 1)))
    r = radius[y, x].astype(np.float64)
    rim_y = y[:, None] + r[:, None] * np.sin(_ANGLES)
    rim_x = x[:, None] + r[:, None] * np.cos(_ANGLES)
    visible = ((rim_y >= 0) & (rim_y < height) & (rim_x >= 0) & (rim_x < width)).mean(axis=1)
    votes = share[y, x] / np.maximum(visible, _VISIBLE)
    high = votes > _LEAST_SHARE + _BY_CHANCE / np.maximum(r * visible, 1)
    return np.asarray(np.stack([y, x, r], axis=1)[high], np.float64)


@numba.njit(cache=True, nogil=True)
def vote(points: _FloatArray, height: int, width: int, radii: NDArray[np.float64]) -> Any:
    """Let edges vote for centers.

    Returns
    -------
    tuple of float32 arrays, height x width
        For each pixel the largest share of a circumference that voted within the tolerance, less the share by
        chance, over all radii; and the radius that got it (0 where none did).
    """
    share = np.zeros((height, width), np.float32)
    radius = np.zeros((height, width), np.float32)
    half = np.float32(0.5)
    density = points.shape[0] / (height * width)
    for r in radii:
        reach = max(1, int(_TOLERANCE * r + 0.5))
        # A frame as wide as the window: its sums need no care at the border.
        counts = np.zeros((height + 2 * reach + 1, width + 2 * reach + 1), np.int16)
        step = np.float32(r)
        for i in range(points.shape[0]):
            y = int(np.floor(points[i, 0] + points[i, 2] * step + half))
            x = int(np.floor(points[i, 1] + points[i, 3] * step + half))
            if 0 <= y < height and 0 <= x < width:
                counts[y + reach + 1, x + reach + 1] += 1
        by_chance = np.float32(density * (2 * reach + 1) ** 2 / (2.0 * np.pi * r))
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
    """Sum votes over windows and keep, in place, where their share of the circumference is a new maximum."""
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
        total = 0
        for x in range(2 * reach):
            total += columns[x + 1]
        for x in range(width):
            total += columns[x + 2 * reach + 1] - columns[x]
            row[x] = total
        for x in range(width):  # a loop of its own: the compiler makes vector instructions of it
            value = np.float32(row[x]) * per_vote - by_chance
            if value > share[y, x]:
                share[y, x] = value
                radius[y, x] = step


@numba.njit(cache=True, nogil=True)
def apart(circles: _Circles) -> Any:
    """Keep of circles, best first, those whose center is far enough from that of every better one."""
    kept = np.empty_like(circles)
    count = 0
    for i in range(circles.shape[0]):
        free = True
        for j in range(count):
            gap = _APART * max(circles[i, 2], kept[j, 2])
            if (circles[i, 0] - kept[j, 0]) ** 2 + (circles[i, 1] - kept[j, 1]) ** 2 < gap * gap:
                free = False
                break
        if free:
            kept[count] = circles[i]
            count += 1
    return kept[:count]
