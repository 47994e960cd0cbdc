"""The image at the reference scale, and label images back on the grid of the original image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage, Mask, RGBImage
from leukokit.plugins.segment._rescale import resized

# Range of red-cell diameters, in px, that need no resampling, and the diameters that smaller and larger ones
# are resampled to. Smaller cells have too few pixels to show a shape; larger ones only cost time.
_MIN_DIAMETER, _MAX_DIAMETER = 16.0, 40.0
_ENLARGED_DIAMETER, _REDUCED_DIAMETER = 20.0, 36.0
_MAX_ENLARGEMENT = 3.0
_HALF = 0.5
_MAX_ENLARGED_SIDE, _MIN_REDUCED_SIDE = 1600, 64  # px, long side


@dataclass(frozen=True, slots=True)
class RedCellUnits:
    """Lengths in red-cell diameters and areas in red-cell areas, converted to px.

    Attributes
    ----------
    diameter : float
        Of a red cell, in px.
    """

    diameter: float

    def px(self, share: float) -> int:
        """Fraction of the diameter, in whole px."""
        return round(share * self.diameter)

    def area(self, share: float) -> float:
        """Fraction of a red cell's area, in px."""
        return share * math.pi / 4 * self.diameter**2


@dataclass(frozen=True, slots=True)
class ScaledImage:
    """An image at the reference scale.

    Attributes
    ----------
    pixels : uint8 array, h x w x 3
    void : bool array, h x w, or None
        Black areas that show no glass; None where there are none.
    units : RedCellUnits
        Red-cell lengths on this grid.
    factor : float
        Factor by which the image was resized.
    """

    pixels: RGBImage
    void: Mask | None
    units: RedCellUnits
    factor: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]


def at_reference_scale(image: RGBImage, void: Mask | None, diameter: float) -> ScaledImage:
    """Resample an image whose red cells are smaller or larger than the method needs.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    void : bool array, H x W, or None
    diameter : float
        Diameter of a red cell in ``image``, in px.
    """
    height, width = image.shape[:2]
    factor = _factor(diameter, max(height, width))
    if factor == 1.0:
        return ScaledImage(image, void, RedCellUnits(diameter), 1.0)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if factor < _HALF and not (height % 2 or width % 2):  # means of four come in a sixth of the time
        image = resized(image, (width // 2, height // 2), factor)
    pixels = resized(image, size, factor)
    if void is not None:
        void = cv2.resize(void.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return ScaledImage(pixels, void, RedCellUnits(diameter * factor), factor)


def _factor(diameter: float, side: int) -> float:
    if _MIN_DIAMETER <= diameter <= _MAX_DIAMETER:
        return 1.0
    if diameter < _MIN_DIAMETER:
        return max(1.0, min(_ENLARGED_DIAMETER / diameter, _MAX_ENLARGEMENT, _MAX_ENLARGED_SIDE / side))
    return min(1.0, max(_REDUCED_DIAMETER / diameter, _MIN_REDUCED_SIDE / side))


def to_grid(labels: LabelImage, shape: tuple[int, int], inside: Mask | None = None) -> LabelImage:
    """Bring a label image to the grid of the image that it was made of.

    Outlines are interpolated, so that they do not show the pixels of the coarser grid.

    Parameters
    ----------
    labels : int32 array, h x w
    shape : tuple of int
        Rows and columns of the image.
    inside : bool array, h x w, optional
        Where labels are kept; ``labels > 0`` where omitted. The labels themselves do not depend on
        ``inside``, so a nucleus has the label of its cell.

    Returns
    -------
    int32 array of that shape
        ``labels`` itself where nothing changes.
    """
    if labels.shape == shape:
        return labels if inside is None else labels * inside
    kept = labels > 0 if inside is None else inside
    rows, columns = (
        _sample_positions(coarse, fine) for coarse, fine in zip(labels.shape, shape, strict=True)
    )
    out: LabelImage = _interpolated(labels, kept, *rows, *columns)
    return out


def _sample_positions(coarse: int, fine: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each fine pixel, index of the coarse pixel before it (-1: none), and distance past its center."""
    position = (np.arange(fine) + 0.5) * (coarse / fine) - 0.5
    before = np.floor(position)
    return before.astype(np.int64), position - before


@numba.njit(cache=True, nogil=True)
def _interpolated(
    labels: LabelImage,
    inside: Mask,
    above: NDArray[np.int64],
    down: NDArray[np.float64],
    before: NDArray[np.int64],
    across: NDArray[np.float64],
) -> Any:
    """Interpolate ``inside`` bilinearly; pixels of one half or more get the nearest label."""
    height, width = labels.shape
    rows, columns = above.size, before.size
    out = np.zeros((rows, columns), np.int32)
    first_row = np.searchsorted(above, np.arange(-1, height + 1))
    first_column = np.searchsorted(before, np.arange(-1, width + 1))
    # Skip the area between four coarse pixels that are all outside: most of a smear
    for i in range(-1, height):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            a, b = inside[top, left], inside[top, right]
            c, d = inside[bottom, left], inside[bottom, right]
            if not (a or b or c or d):
                continue
            largest = max(
                max(labels[top, left], labels[top, right]), max(labels[bottom, left], labels[bottom, right])
            )
            for y in range(first_row[i + 1], first_row[i + 2]):
                v = down[y]
                row = bottom if v >= 0.5 else top
                for x in range(first_column[j + 1], first_column[j + 2]):
                    u = across[x]
                    share = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
                    if share >= 0.5:
                        nearest = labels[row, right if u >= 0.5 else left]
                        out[y, x] = nearest if nearest else largest
    return out
