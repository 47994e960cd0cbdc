"""Shape of the objects of a label image, as ``skimage.measure.regionprops`` defines it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from leukokit.arrays import FloatArray, LabelImage


@dataclass(frozen=True, slots=True)
class Shape:
    """One object.

    Attributes
    ----------
    area : int
        Pixels of the object, px2.
    perimeter : float
        Length of the outline, holes included, px: Crofton's formula on lines of four directions
        (``skimage.measure.perimeter_crofton``; Legland et al. 2007, doi 10.5566/ias.v26.p83-92). Right within
        2 % for disks and ellipses; 5 % short for squares along the rows: their outline has two directions.
    eccentricity : float
        Of the ellipse with the same second moments: 0 for a circle, 1 for a line.
    solidity : float
        Area over the pixels of the convex hull, 0..1.
    x, y : float
        Mean position of its pixels, px from the first column and row of its box.
    """

    area: int
    perimeter: float
    eccentricity: float
    solidity: float
    x: float
    y: float

    @property
    def diameter(self) -> float:
        """Diameter of the circle of the same area, px."""
        return math.sqrt(4 * self.area / math.pi)

    @property
    def roundness(self) -> float:
        """4 pi area / perimeter squared, 1 for a disk; above 1 for objects of few pixels."""
        return 4 * math.pi * self.area / self.perimeter**2


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies in its label image.

    Attributes
    ----------
    id : int
        Its number in the label image.
    rows, columns : slice
        The smallest box that holds it.
    """

    id: int
    rows: slice
    columns: slice

    @property
    def box(self) -> tuple[slice, slice]:
        """Index of the box."""
        return self.rows, self.columns

    def at_border(self, shape: tuple[int, ...]) -> bool:
        """Whether it touches the border of an image of that height and width."""
        starts, stops = (self.rows.start, self.columns.start), (self.rows.stop, self.columns.stop)
        return 0 in starts or any(stop == side for stop, side in zip(stops, shape, strict=False))


def places(labels: LabelImage) -> list[Place]:
    """Find the objects of a label image, int32 H x W, in the order of their ids."""
    boxes = enumerate(ndimage.find_objects(labels), start=1)
    return [Place(number, *box) for number, box in boxes if box is not None]


def shapes(labels: LabelImage) -> list[Shape]:
    """Measure the objects of a label image, int32 H x W, in the order of their ids."""
    return [shape_at(labels, place) for place in places(labels)]


def shape_at(labels: LabelImage, place: Place) -> Shape:
    """Measure one object."""
    return _shape(labels[place.box], place.id)


def values_of(measured: Sequence[Shape], attribute: str) -> FloatArray:
    """One attribute of all shapes, float64 of their number."""
    return np.array([getattr(shape, attribute) for shape in measured], dtype=np.float64)


def _shape(labels: LabelImage, number: int) -> Shape:
    moments, entries, ends = _scan(labels, number)
    # Sums of integers are exact; with rounded sums a perfect square would have an eccentricity of 1e-8.
    n, x, y, xx, yy, xy = (int(moment) for moment in moments)
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    difference = math.hypot(spread_x - spread_y, 2 * (n * xy - x * y))
    eccentricity = math.sqrt(2 * difference / (spread_x + spread_y + difference)) if n > 1 else 0.0
    hull = np.asarray(cv2.convexHull(ends), dtype=np.int32).reshape(-1, 2)
    return Shape(
        area=n,
        perimeter=math.pi / 4 * (int(entries[0]) + int(entries[1]) / math.sqrt(2)),
        eccentricity=eccentricity,
        solidity=n / _pixels_inside(hull, len(labels)),
        x=x / n,
        y=y / n,
    )


@njit(cache=True, nogil=True)
def _scan(labels: LabelImage, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Sum 1, x, y, xx, yy and xy; count where lines enter the object; list the ends of rows as hull points.

    Lines run along rows and columns (first count) and along both diagonals (second count). Hull points are
    the midpoints of the edges of the outermost pixels, in doubled coordinates, as integers.
    """
    height, width = labels.shape
    moments = np.zeros(6, np.int64)
    entries = np.zeros(2, np.int64)
    ends = np.empty((8 * height, 2), np.int32)
    used = 0
    for y in range(height):
        left, right = -1, -1
        for x in range(width):
            if labels[y, x] != number:
                continue
            if left < 0:
                left = x
            right = x
            moments[0] += 1
            moments[1] += x
            moments[2] += y
            moments[3] += x * x
            moments[4] += y * y
            moments[5] += x * y
            entries[0] += x == 0 or labels[y, x - 1] != number
            entries[0] += y == 0 or labels[y - 1, x] != number
            entries[1] += x == 0 or y == 0 or labels[y - 1, x - 1] != number
            entries[1] += x == width - 1 or y == 0 or labels[y - 1, x + 1] != number
        if left >= 0:
            for x in (left, right):
                for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                    ends[used, 0] = 2 * x + dx
                    ends[used, 1] = 2 * y + dy
                    used += 1
    return moments, entries, ends[:used]


@njit(cache=True, nogil=True)
def _pixels_inside(hull: NDArray[np.int32], height: int) -> int:
    """Count pixel centers in a convex polygon of doubled coordinates, on rows 0..height - 1."""
    # In each row the polygon begins and ends at edges that cross the row. Rounding is inward on both sides,
    # so the extremes over all edges are the first and last pixels inside.
    pixels = np.int64(0)
    n = len(hull)
    for row in range(height):
        line = 2 * row
        first, last = np.int64(2**62), -np.int64(2**62)
        for i in range(n):
            x0, y0 = np.int64(hull[i, 0]), np.int64(hull[i, 1])
            x1, y1 = np.int64(hull[(i + 1) % n, 0]), np.int64(hull[(i + 1) % n, 1])
            if y0 > y1:
                x0, y0, x1, y1 = x1, y1, x0, y0
            if y0 == y1 or line < y0 or line > y1:
                continue
            # The edge crosses the row at numerator / denominator, in pixels.
            denominator = 2 * (y1 - y0)
            numerator = x0 * (y1 - y0) + (x1 - x0) * (line - y0)
            first = min(first, -((-numerator) // denominator))
            last = max(last, numerator // denominator)
        pixels += last - first + 1
    return int(pixels)
