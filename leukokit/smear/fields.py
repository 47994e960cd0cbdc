"""Parts of an image at a size at which circles can be looked for: all of it, or windows of a large one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.circles import RADII, find_circles
from leukokit.smear.edges import Edges, find_edges

_Image = NDArray[np.uint8]

SIDE = 192
"""Long side, in px, at which a whole image is looked at: the cost does not grow with the image."""

_LARGEST_WHOLE = 4.0 * SIDE**2  # px; more than that is looked at through windows
_WINDOW, _WINDOWS = 160, 4  # px, and how many: the cost of two whole images
_GRID = 16  # windows are chosen among those side by side, of an immense image among so many a row
_THUMBNAIL, _FAINT = 128, 16  # px, and gradient that is no edge
_NUCLEUS_SHARE = 0.12  # of a circle's square; more is a white cell
_REDDISH_SHARE = 0.5  # of it; less is a white cell too, where the guess of nuclei cannot tell


@dataclass(frozen=True, slots=True)
class Field:
    """Edges of a part of an image that was resized by ``factor``; its corner is at ``top``, ``left``."""

    edges: Edges
    factor: float
    top: int
    left: int


def fields_of(image: _Image, factor: float) -> list[Field]:
    """Resize an image by ``factor`` and find its edges; of a large result only a few windows are made."""
    height, width = image.shape[:2]
    if height * width * factor**2 <= _LARGEST_WHOLE:
        return [Field(find_edges(_resized(image, factor)), factor, 0, 0)]
    side = round(_WINDOW / factor)
    fields = []
    for top, left in _busiest_windows(image, side):
        window = np.ascontiguousarray(image[top : top + side, left : left + side])
        fields.append(Field(find_edges(_resized(window, factor)), factor, top, left))
    return fields


def red_cell_circles(
    fields: list[Field], *, near_nuclei: bool = False, radius: float | None = None
) -> NDArray[np.float64]:
    """Find circles that may be red cells.

    Parameters
    ----------
    fields : list of Field
    near_nuclei : bool
        Use what seems to be nuclei too, unless it is blue: where red cells are pink, the guess takes them for
        nuclei.
    radius : float or None
        Look for circles of about this radius only, in px of the image.

    Returns
    -------
    float64 array (n, 4)
        y, x, radius in px of the image, and the share of the rim along which there is an edge.
    """
    found = [np.zeros((0, 4))]
    for field in fields:
        edges = field.edges
        points = edges.points if near_nuclei else edges.points[~edges.near_nucleus]
        radii = RADII if radius is None else np.asarray(RADII[:7] * (radius * field.factor / RADII[3]))
        circles = find_circles(points, edges.nucleus.shape, radii)
        if near_nuclei:
            circles = circles[_share_inside(circles, edges.reddish) >= _REDDISH_SHARE]
        else:
            circles = circles[_share_inside(circles, edges.nucleus) <= _NUCLEUS_SHARE]
        # Pixel centers are at whole numbers in both grids
        circles[:, :2] = (circles[:, :2] + 0.5) / field.factor - 0.5 + (field.top, field.left)
        circles[:, 2] /= field.factor
        found.append(circles)
    return np.concatenate(found)


def _share_inside(circles: NDArray[np.float64], mask: _Image) -> NDArray[np.float64]:
    """Share of the square around each circle that is in a mask."""
    height, width = mask.shape
    sums = cv2.integral(mask)
    y, x, r = np.trunc(circles[:, :3]).astype(np.int64).T
    top, bottom = np.clip(y - r, 0, height), np.clip(y + r + 1, 0, height)
    left, right = np.clip(x - r, 0, width), np.clip(x + r + 1, 0, width)
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return np.asarray(inside / np.maximum((bottom - top) * (right - left), 1), np.float64)


def _resized(image: _Image, factor: float) -> _Image:
    if factor == 1:
        return image
    height, width = image.shape[:2]
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    if factor < 0.25:  # every second pixel is enough for a mean of 16 and more, at a third of the time
        image = np.asarray(
            cv2.resize(image, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_NEAREST),
            np.uint8,
        )
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _busiest_windows(image: _Image, side: int) -> list[tuple[int, int]]:
    """Find the corners of the squares of a grid with most edges, best first."""
    height, width = image.shape[:2]
    shrink = _THUMBNAIL / max(height, width)
    size = (max(4, round(width * shrink)), max(4, round(height * shrink)))
    green = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)[..., 1]
    smooth = cv2.boxFilter(green, cv2.CV_16S, (3, 3))
    change = np.abs(cv2.Sobel(smooth, cv2.CV_16S, 1, 0)) + np.abs(cv2.Sobel(smooth, cv2.CV_16S, 0, 1))
    # Counted, not summed up: rims of red cells are worth as much as those of nuclei, three times as high
    sums = cv2.integral((change > 2 * np.median(change) + _FAINT).view(np.uint8))
    tops, lefts = (
        np.rint(np.linspace(0, max(0, length - side), min(max(2, length // side), _GRID))).astype(int)
        for length in (height, width)
    )
    span = max(1, round(side * shrink))
    busy = []
    for top in np.unique(tops):
        for left in np.unique(lefts):
            y, x = min(round(top * shrink), size[1] - 1), min(round(left * shrink), size[0] - 1)
            end_y, end_x = min(y + span, size[1]), min(x + span, size[0])
            edges = sums[end_y, end_x] - sums[y, end_x] - sums[end_y, x] + sums[y, x]
            busy.append((-int(edges), int(top), int(left)))
    return [(top, left) for _, top, left in sorted(busy)[:_WINDOWS]]
