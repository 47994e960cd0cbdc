"""The picture that is worked on: a copy of the image at reference scale, and the way back to its own grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask, RGBImage

# Diameters of a red cell, in px, between which nothing is resampled, and what is aimed at outside of them.
# Below, disks of a few pixels have no shape; above, pixels cost time and tell nothing more.
_LEAST, _MOST = 16.0, 40.0
_UP, _DOWN = 20.0, 36.0
_MOST_ENLARGED = 3.0
_LONGEST_ENLARGED, _SHORTEST_REDUCED = 1600, 64  # px, long side


@dataclass(frozen=True, slots=True)
class Ruler:
    """Lengths and areas in red cells.

    Attributes
    ----------
    diameter : float
        Of a red cell, in px.
    """

    diameter: float

    def px(self, share: float) -> int:
        """Length of a share of the diameter, in whole px."""
        return round(share * self.diameter)

    def area(self, share: float) -> float:
        """Area of a share of a red cell, in px."""
        return share * math.pi / 4 * self.diameter**2


@dataclass(frozen=True, slots=True)
class Picture:
    """An image at reference scale.

    Attributes
    ----------
    pixels : uint8 array, h x w x 3
    void : bool array, h x w, or None
        Where there is no glass; None where there is glass everywhere.
    ruler : Ruler
        Of this grid.
    factor : float
        By which the image was resized.
    """

    pixels: RGBImage
    void: Mask | None
    ruler: Ruler
    factor: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]


def at_reference_scale(image: RGBImage, void: Mask | None, diameter: float) -> Picture:
    """Resample an image where its red cells are much smaller or larger than they need to be.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    void : bool array, H x W, or None
    diameter : float
        Of a red cell in ``image``, in px.
    """
    height, width = image.shape[:2]
    factor = _factor(diameter, max(height, width))
    if factor == 1.0:
        return Picture(image, void, Ruler(diameter), 1.0)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    pixels = np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)
    if void is not None:
        void = cv2.resize(void.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return Picture(pixels, void, Ruler(diameter * factor), factor)


def _factor(diameter: float, side: int) -> float:
    if _LEAST <= diameter <= _MOST:
        return 1.0
    if diameter < _LEAST:
        return max(1.0, min(_UP / diameter, _MOST_ENLARGED, _LONGEST_ENLARGED / side))
    return min(1.0, max(_DOWN / diameter, _SHORTEST_REDUCED / side))


def to_grid(labels: LabelImage, shape: tuple[int, int]) -> LabelImage:
    """Bring a label image to the grid of the image that it was made of.

    Outlines are interpolated, so that they do not show the pixels of the coarser grid.
    """
    if labels.shape == shape:
        return labels
    size = shape[1], shape[0]
    # A pixel past the coarse outline belongs to the label beside it.
    wider = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8))
    named = cv2.resize(wider, size, interpolation=cv2.INTER_NEAREST)
    inside = cv2.resize((labels > 0).view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
    out: NDArray[np.int32] = np.where(inside >= 128, named, 0).astype(np.int32)
    return out
