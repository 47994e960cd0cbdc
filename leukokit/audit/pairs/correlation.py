"""Compare the gray values of two thumbnails: local correlation, and whether they are one whole picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_SAME = 0.95
"""Smallest local correlation of two thumbnails that show one whole picture.

Measured on pairs of different pictures whose hashes are near: at most .92 in 5,900 pairs of crops of one
cell, .42 in 5,200 pairs of fields.
"""

_AROUND = 9  # px, side of the window of a local correlation
_FLAT = 2  # levels; a smaller spread is noise
_LEAST_STRUCTURED = 0.02  # share of the thumbnail; fewer pixels say nothing


def local_correlation(
    x: NDArray[np.float32], y: NDArray[np.float32], inside: NDArray[np.bool_]
) -> float | None:
    """Median, over the common area, of the correlation of gray values around a pixel.

    One correlation over the whole area would depend on whatever differs most from the rest, such as a white
    label.

    Parameters
    ----------
    x, y : float32 arrays, H x W
        Gray values less 128.
    inside : bool array, H x W
        The common area.

    Returns
    -------
    float or None
        -1..1; None where the common area has too little structure.
    """

    def around(values: NDArray[Any]) -> NDArray[Any]:
        inner = np.where(inside, values, np.float32(0))
        return cv2.boxFilter(inner, -1, (_AROUND, _AROUND), normalize=False, borderType=cv2.BORDER_CONSTANT)

    count = around(np.ones_like(y))
    usable = inside & (count > _AROUND**2 / 2)
    count = np.maximum(count, 1)
    mean_x, mean_y = around(x) / count, around(y) / count
    spread_x = np.maximum(around(x * x) / count - mean_x**2, 1)
    spread_y = np.maximum(around(y * y) / count - mean_y**2, 1)
    # Areas that are flat in both, such as the black around segmented cells, say nothing and are left out.
    used = usable & (np.maximum(spread_x, spread_y) > _FLAT**2)
    if np.count_nonzero(used) < _LEAST_STRUCTURED * max(y.shape) ** 2:
        return None
    local = (around(x * y) / count - mean_x * mean_y) / np.sqrt(spread_x * spread_y)
    return float(np.median(local[used]))


def structured(thumb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mask of the pixels whose neighborhood is not flat."""
    values = thumb.astype(np.float32) - 128
    mean = cv2.boxFilter(values, -1, (_AROUND, _AROUND))
    return np.asarray(cv2.boxFilter(values * values, -1, (_AROUND, _AROUND)) - mean**2 > _FLAT**2)


def same_picture(a: NDArray[np.uint8], b: NDArray[np.uint8], transform: int) -> bool:
    """Whether two thumbnails show one picture, squeezed, flipped or turned by quarters.

    Parameters
    ----------
    a, b : uint8 arrays, H x H
        Gray thumbnails of the whole pictures, resized to one square.
    transform : int
        Number of the flip or quarter turn that turns ``a`` into ``b``, as in ``hashes.TRANSFORMS``.
    """
    x, y = (thumb.astype(np.float32) - 128 for thumb in (a, b))
    turned = np.rot90(np.fliplr(x) if transform >= 4 else x, transform % 4)
    correlation = local_correlation(np.ascontiguousarray(turned), y, np.ones(y.shape, dtype=np.bool_))
    return correlation is not None and correlation >= LEAST_SAME
