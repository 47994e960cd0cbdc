"""Dark disks on a light background: a Hough transform in which edges vote toward their dark side.

Each edge pixel votes for one center per radius, along its gradient (Kimme, Ballard and Sklansky 1975, doi
10.1145/360666.360677). The rim of a pale center is darker outside, so it votes away from the cell and gives
no circle of its own.
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

_MIN_RADIUS, _RADIUS_RATIO, _RADIUS_COUNT = 4.5, 1.12, 25
RADII: NDArray[np.float64] = np.asarray(_MIN_RADIUS * _RADIUS_RATIO ** np.arange(_RADIUS_COUNT), np.float64)
"""Radii that are tried where the size is not known: a geometric series, 4.5 to 68 px."""

# The center of a large circle is not needed to the px: votes are counted in cells of 2 px from a radius of 20
# px on, and in cells of 4 px from 44 px on, which halves the time.
_CELL_SIDES, _MIN_RADII, _MAX_RADII = (1, 2, 4), (0.0, 20.0, 44.0), (20.0, 44.0, np.inf)
_MAX_DIAMETER = 0.8  # of the shorter side: too little of a larger circle is visible
_MIN_EDGES = 30  # fewer edges are the rim of one small disk
# Smallest share of votes on the visible circumference; for small circles more, since some votes are by
# chance.
_MIN_SHARE, _CHANCE_TERM = 0.42, 1.2
_MIN_RIM = 0.5  # smallest share of edges on the visible rim of the fitted circle
_MIN_VISIBLE = 0.4  # where less of the circumference is visible, votes are divided by this share
# Smallest distance between centers, as a fraction of the larger radius: of the result, and of peaks before
# the fit, where closer peaks would be fitted to the same circle
_MIN_SEPARATION, _MIN_PEAK_SEPARATION = 0.8, 0.4
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
        y, x, radius in px (for an oval, the mean), and the share of the whole rim with edges; best first.
    """
    radii = radii[2 * radii <= _MAX_DIAMETER * min(shape)]
    if len(points) < _MIN_EDGES or not len(radii):
        return np.zeros((0, 4))
    fits = fit_circles(points, _peaks(points, shape, radii), shape[0], shape[1])
    rim = fits[:, 3] / np.maximum(fits[:, 4], _MIN_VISIBLE)
    sure = rim >= _MIN_RIM
    fits, rim = fits[sure], rim[sure]
    order = np.argsort(-rim * np.sqrt(fits[:, 2]), kind="stable")
    circles: _Circles = without_overlaps(fits[order, :4], _MIN_SEPARATION)
    return circles


def _peaks(points: _FloatArray, shape: tuple[int, int], radii: NDArray[np.float64]) -> _Circles:
    """Find maxima with enough votes on the visible part of their circle: y, x, radius, float64 (n, 3)."""
    maxima = []
    for cell, low, high in zip(_CELL_SIDES, _MIN_RADII, _MAX_RADII, strict=True):
        in_range = radii[(radii >= low) & (radii < high)]
        if not len(in_range):
            continue
        share, radius = vote(points, shape[0], shape[1], in_range, cell)
        row, column = local_maxima(share, radius, 0.5 * _MIN_SHARE, _CHANCE_TERM)
        center = (np.stack([row, column], axis=1) + 0.5) * cell - 0.5
        maxima.append(np.column_stack([center, radius[row, column], share[row, column]]))
    peaks = np.concatenate(maxima)
    r = peaks[:, 2]
    rim_y = peaks[:, :1] + r[:, None] * np.sin(_ANGLES)
    rim_x = peaks[:, 1:2] + r[:, None] * np.cos(_ANGLES)
    visible = ((rim_y >= 0) & (rim_y < shape[0]) & (rim_x >= 0) & (rim_x < shape[1])).mean(axis=1)
    votes = peaks[:, 3] / np.maximum(visible, _MIN_VISIBLE)
    frequent = votes > _MIN_SHARE + _CHANCE_TERM / np.maximum(r * visible, 1)
    order = np.argsort(-votes[frequent] * np.sqrt(r[frequent]), kind="stable")
    best: _Circles = without_overlaps(peaks[frequent][order, :3], _MIN_PEAK_SEPARATION)
    return best


@numba.njit(cache=True, nogil=True)
def without_overlaps(circles: _Circles, gap: float) -> Any:
    """Keep the circles, best first, whose distance from every better one is ``gap`` larger radii or more."""
    kept = np.empty_like(circles)
    count = 0
    for i in range(circles.shape[0]):
        free = True
        for j in range(count):
            min_distance = gap * max(circles[i, 2], kept[j, 2])
            if (circles[i, 0] - kept[j, 0]) ** 2 + (
                circles[i, 1] - kept[j, 1]
            ) ** 2 < min_distance * min_distance:
                free = False
                break
        if free:
            kept[count] = circles[i]
            count += 1
    return kept[:count]
