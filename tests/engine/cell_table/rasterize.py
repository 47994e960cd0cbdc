"""Pixels that polygons cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.measure import points_in_poly


def covered(rings: Sequence[ArrayLike], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose center lies in an odd number of rings."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    centers = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], axis=1)
    inside = np.logical_xor.reduce([points_in_poly(centers, np.asarray(ring)) for ring in rings])
    return np.asarray(inside, dtype=np.bool_).reshape(shape)
