"""What the network sees: optical density, with glass as zero and this picture's red cells as the unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask, RGBImage

RED_CELL_PX = 20.0
"""Diameter of a red cell in the network's pictures, in px; trained from .7 to 1.3 times that."""
PLANES = 6
_WHITE = 236.0
_FEWEST = 50  # pixels of red cells that are enough to take their color
_INK = 0.25  # optical density, three channels together, that is no glass


def density(image: RGBImage) -> NDArray[np.float32]:
    """Optical density (decimal) of each channel, the 80th percentile of the picture being glass."""
    glass = np.maximum(np.percentile(image.reshape(-1, 3), 80, axis=0), 1.0)
    level = np.minimum(image * (_WHITE - 1.0) / glass, 255.0) + 1.0
    return np.clip(-np.log10(level / _WHITE), -0.05, 1.5).astype(np.float32)


def planes(image: RGBImage, red_cells: Mask) -> NDArray[np.float32]:
    """Density in units of a red cell's, and its difference from a red cell's color.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    red_cells : bool array, H x W
        Where few, the median of all ink stands in.

    Returns
    -------
    float32 array, H x W x 6
    """
    dense = density(image)
    ink = red_cells if np.count_nonzero(red_cells) > _FEWEST else dense.sum(axis=2) > _INK
    color = np.median(dense[ink], axis=0) if ink.any() else np.full(3, 0.15, np.float32)
    unit = 4.0 * max(float(color.mean()), 0.05)
    return np.concatenate([dense / unit, (dense - color) / unit], axis=2).astype(np.float32)
