"""Color of a whole image and of its background, which come from stain and camera, not from the cells."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray

COLOR_NAMES = ("mean_l", "mean_a", "mean_b", "std_l", "std_a", "std_b")
BACKGROUND_NAMES = ("background_l", "background_a", "background_b")

_BRIGHT = 0.75  # quantile of lightness above which pixels count as background


def color_traits(lab: NDArray[np.uint8]) -> FloatArray:
    """Take mean and standard deviation of L, a and b over all pixels.

    Parameters
    ----------
    lab : uint8 array, ... x 3
        OpenCV's 8-bit Lab.

    Returns
    -------
    float64 array (6,)
        In the order of ``COLOR_NAMES``, in levels of 0..255.
    """
    mean, spread = cv2.meanStdDev(lab.reshape(-1, 1, 3))
    # Rounded: the standard deviation of a uniform plane is rounding noise, which a probe could learn from.
    return np.asarray(np.concatenate([mean[:, 0], spread[:, 0]]).round(4), dtype=np.float64)


def background_color(lab: NDArray[np.uint8]) -> FloatArray:
    """Median L, a and b of the brightest quarter of the pixels: the background between the cells."""
    bright = lab[lab[..., 0] >= _quantile(lab[..., 0], _BRIGHT)]
    return np.array([_quantile(plane, 0.5) for plane in bright.T], dtype=np.float64)


def _quantile(levels: NDArray[np.uint8], share: float) -> int:
    """Quantile of 8-bit values from their histogram, which is faster than sorting."""
    counts = np.bincount(levels.ravel(), minlength=256).cumsum()
    return int(np.searchsorted(counts, share * counts[-1]))
