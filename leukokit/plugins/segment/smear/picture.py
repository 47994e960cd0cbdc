"""The picture that is worked on: a copy of the image at reference scale, and the way back to its own grid."""

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

# Diameters of a red cell, in px, between which nothing is resampled, and what is aimed at outside of them.
# Below, disks of a few pixels have no shape; above, pixels cost time and tell nothing more.
_LEAST, _MOST = 16.0, 40.0
_UP, _DOWN = 20.0, 36.0
_MOST_ENLARGED = 3.0
_HALF = 0.5
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
    if factor < _HALF and not (height % 2 or width % 2):  # means of four come in a sixth of the time
        image = resized(image, (width // 2, height // 2), factor)
    pixels = resized(image, size, factor)
    if void is not None:
        void = cv2.resize(void.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return Picture(pixels, void, Ruler(diameter * factor), factor)


def _factor(diameter: float, side: int) -> float:
    if _LEAST <= diameter <= _MOST:
        return 1.0
    if diameter < _LEAST:
        return max(1.0, min(_UP / diameter, _MOST_ENLARGED, _LONGEST_ENLARGED / side))
    return min(1.0, max(_DOWN / diameter, _SHORTEST_REDUCED / side))


def to_grid(labels: LabelImage, shape: tuple[int, int], inside: Mask | None = None) -> LabelImage:
    """Bring a label image to the grid of the image that it was made of.

    Outlines are interpolated, so that they do not show the pixels of the coarser grid.

    Parameters
    ----------
    labels : int32 array, h x w
    shape : tuple of int
        Rows and columns of the image.
    inside : bool array, h x w, optional
        Where labels are kept, ``labels > 0`` if omitted. What is labeled at all has the same label whatever
        ``inside`` says: nuclei that of their cell.

    Returns
    -------
    int32 array of that shape
        ``labels`` itself where nothing need change.
    """
    if labels.shape == shape:
        return labels if inside is None else labels * inside
    kept = labels > 0 if inside is None else inside
    rows, columns = (_places(coarse, fine) for coarse, fine in zip(labels.shape, shape, strict=True))
    out: LabelImage = _enlarged(labels, kept, *rows, *columns)
    return out


def _places(coarse: int, fine: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each fine pixel the coarse one before it, -1 for none, and how far past that one's center it is."""
    place = (np.arange(fine) + 0.5) * (coarse / fine) - 0.5
    before = np.floor(place)
    return before.astype(np.int64), place - before


@numba.njit(cache=True, nogil=True)
def _enlarged(
    labels: LabelImage,
    inside: Mask,
    above: NDArray[np.int64],
    down: NDArray[np.float64],
    before: NDArray[np.int64],
    across: NDArray[np.float64],
) -> Any:
    """Interpolate ``inside`` bilinearly, and name what is more than half inside by the nearest label."""
    height, width = labels.shape
    rows, columns = above.size, before.size
    out = np.zeros((rows, columns), np.int32)
    first_row = np.searchsorted(above, np.arange(-1, height + 1))
    first_column = np.searchsorted(before, np.arange(-1, width + 1))
    # Between four coarse pixels that are all outside nothing is to be done: most of a smear
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
