"""Dark disks on light ground: a Hough transform whose edges vote toward their dark side.

Each edge pixel votes for one center a radius, along its gradient (Kimme, Ballard and Sklansky 1975, doi
10.1145/360666.360677). The rim of a pale center is darker outside, so it votes away from the cell and
does not make a circle of its own.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.circle_fit import fit_circles
from leukokit.smear.votes import local_maxima, vote

_FloatArray = NDArray[np.float32]
_Circles = NDArray[np.float64]

_SMALLEST, _STEP, _MANY = 4.5, 1.12, 25
RADII: NDArray[np.float64] = np.asarray(_SMALLEST * _STEP ** np.arange(_MANY), np.float64)
"""Radii that are tried where nothing is known: a geometric row, 4.5 to 68 px."""

# The center of a large circle need not be known to a px: from 20 px on votes are counted in cells of 2 px,
# from 44 px on in cells of 4 px, which halves the time.
_CELLS, _FROM, _UP_TO = (1, 2, 4), (0.0, 20.0, 44.0), (20.0, 44.0, np.inf)
_WIDEST = 0.8  # of the shorter side: a wider circle shows too little of itself
_FEWEST_EDGES = 30  # fewer are the rim of one small disk
# Least share of the visible circumference that must vote; small circles get some votes by chance.
_LEAST_SHARE, _BY_CHANCE = 0.42, 1.2
_LEAST_RIM = 0.5  # of the visible rim of the fitted circle must be edge
_VISIBLE = 0.4  # a circle of which the frame shows less must have all the votes of this share
_APART = 0.8  # of the larger radius, between centers
_ONE_CELL = 0.4  # of it: nearer peaks are of one cell, and fits of both would end in the same circle
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
    fits = fit_circles(points, _peaks(points, shape, radii), shape[0], shape[1])
    rim = fits[:, 3] / np.maximum(fits[:, 4], _VISIBLE)
    sure = rim >= _LEAST_RIM
    fits, rim = fits[sure], rim[sure]
    order = np.argsort(-rim * np.sqrt(fits[:, 2]), kind="stable")
    found: _Circles = apart(fits[order, :4], _APART)
    return found


def _peaks(points: _FloatArray, shape: tuple[int, int], radii: NDArray[np.float64]) -> _Circles:
    """Find maxima with votes enough for what is visible of their circle: y, x, radius, float64 (n, 3)."""
    found = []
    for cell, few, many in zip(_CELLS, _FROM, _UP_TO, strict=True):
        tried = radii[(radii >= few) & (radii < many)]
        if not len(tried):
            continue
        share, radius = vote(points, shape[0], shape[1], tried, cell)
        row, column = local_maxima(share, radius, 0.5 * _LEAST_SHARE, _BY_CHANCE)
        center = (np.stack([row, column], axis=1) + 0.5) * cell - 0.5
        found.append(np.column_stack([center, radius[row, column], share[row, column]]))
    peaks = np.concatenate(found)
    r = peaks[:, 2]
    rim_y = peaks[:, :1] + r[:, None] * np.sin(_ANGLES)
    rim_x = peaks[:, 1:2] + r[:, None] * np.cos(_ANGLES)
    visible = ((rim_y >= 0) & (rim_y < shape[0]) & (rim_x >= 0) & (rim_x < shape[1])).mean(axis=1)
    votes = peaks[:, 3] / np.maximum(visible, _VISIBLE)
    high = votes > _LEAST_SHARE + _BY_CHANCE / np.maximum(r * visible, 1)
    order = np.argsort(-votes[high] * np.sqrt(r[high]), kind="stable")
    best: _Circles = apart(peaks[high][order, :3], _ONE_CELL)
    return best


@numba.njit(cache=True, nogil=True)
def apart(circles: _Circles, gap: float) -> Any:
    """Keep of circles, best first, those ``gap`` of the larger radius away from every better one."""
    kept = np.empty_like(circles)
    count = 0
    for i in range(circles.shape[0]):
        free = True
        for j in range(count):
            least = gap * max(circles[i, 2], kept[j, 2])
            if (circles[i, 0] - kept[j, 0]) ** 2 + (circles[i, 1] - kept[j, 1]) ** 2 < least * least:
                free = False
                break
        if free:
            kept[count] = circles[i]
            count += 1
    return kept[:count]
