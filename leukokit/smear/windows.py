"""Edges of an image at a size suited to the search for circles: of the whole image, or of a few windows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.circles import RADII, find_circles
from leukokit.smear.edges import Edges, find_edges

_Image = NDArray[np.uint8]

SIDE = 192
"""Long side, in px, that a whole image is resized to, so that the time does not grow with the image."""

_MAX_WHOLE_PIXELS = 4.0 * SIDE**2  # px; larger images are measured in windows
_WINDOW_SIDE, _WINDOW_COUNT = 160, 4  # px, and number: the time of two whole images
_MAX_GRID = 16  # windows are chosen from a grid of at most so many per row and column
_THUMBNAIL, _MIN_GRADIENT = 128, 16  # side in px, and smallest gradient of an edge
_MAX_NUCLEUS_SHARE = 0.12  # of a circle's bounding square; white cells have more
_MIN_REDDISH_SHARE = 0.5  # of the square; white cells have less, also where the mask of nuclei misses them


@dataclass(frozen=True, slots=True)
class EdgeWindow:
    """Edges of a part of an image, resized by ``factor``; its corner is at ``top``, ``left`` of the image."""

    edges: Edges
    factor: float
    top: int
    left: int


def edge_windows(image: _Image, factor: float) -> list[EdgeWindow]:
    """Resize an image by ``factor`` and find its edges; only in a few windows where the result is large."""
    height, width = image.shape[:2]
    if height * width * factor**2 <= _MAX_WHOLE_PIXELS:
        return [EdgeWindow(find_edges(_resized(image, factor)), factor, 0, 0)]
    side = round(_WINDOW_SIDE / factor)
    windows = []
    for top, left in _busiest_windows(image, side):
        crop = np.ascontiguousarray(image[top : top + side, left : left + side])
        windows.append(EdgeWindow(find_edges(_resized(crop, factor)), factor, top, left))
    return windows


def red_cell_circles(
    windows: list[EdgeWindow], *, near_nuclei: bool = False, radius: float | None = None
) -> NDArray[np.float64]:
    """Find circles that may be red cells.

    Parameters
    ----------
    windows : list of EdgeWindow
    near_nuclei : bool
        Also use edges of the rough mask of nuclei, unless they are blue: the mask may include pink red cells.
    radius : float or None
        Find only circles of about this radius, in px of the image.

    Returns
    -------
    float64 array (n, 4)
        y, x, radius in px of the image, and the share of the rim with edges.
    """
    parts = [np.zeros((0, 4))]
    for window in windows:
        edges = window.edges
        points = edges.points if near_nuclei else edges.points[~edges.near_nucleus]
        radii = RADII if radius is None else np.asarray(RADII[:7] * (radius * window.factor / RADII[3]))
        circles = find_circles(points, edges.nucleus.shape, radii)
        if near_nuclei:
            circles = circles[_share_inside(circles, edges.reddish) >= _MIN_REDDISH_SHARE]
        else:
            circles = circles[_share_inside(circles, edges.nucleus) <= _MAX_NUCLEUS_SHARE]
        # Pixel centers are at whole numbers in both grids
        circles[:, :2] = (circles[:, :2] + 0.5) / window.factor - 0.5 + (window.top, window.left)
        circles[:, 2] /= window.factor
        parts.append(circles)
    return np.concatenate(parts)


def _share_inside(circles: NDArray[np.float64], mask: _Image) -> NDArray[np.float64]:
    """Share of each circle's bounding square that is in a mask."""
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
    if factor < 0.25:  # every second pixel suffices for a mean over 16 and more, in a third of the time
        image = np.asarray(
            cv2.resize(image, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_NEAREST),
            np.uint8,
        )
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _busiest_windows(image: _Image, side: int) -> list[tuple[int, int]]:
    """Find the corners of the grid's squares with the most edges, best first."""
    height, width = image.shape[:2]
    factor = _THUMBNAIL / max(height, width)
    size = (max(4, round(width * factor)), max(4, round(height * factor)))
    green = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)[..., 1]
    smooth = cv2.boxFilter(green, cv2.CV_16S, (3, 3))
    gradient = np.abs(cv2.Sobel(smooth, cv2.CV_16S, 1, 0)) + np.abs(cv2.Sobel(smooth, cv2.CV_16S, 0, 1))
    # Edges are counted, not summed, so that rims of red cells weigh as much as the steeper ones of nuclei
    sums = cv2.integral((gradient > 2 * np.median(gradient) + _MIN_GRADIENT).view(np.uint8))
    tops, lefts = (
        np.rint(np.linspace(0, max(0, length - side), min(max(2, length // side), _MAX_GRID))).astype(int)
        for length in (height, width)
    )
    span = max(1, round(side * factor))
    edge_counts = []
    for top in np.unique(tops):
        for left in np.unique(lefts):
            y, x = min(round(top * factor), size[1] - 1), min(round(left * factor), size[0] - 1)
            end_y, end_x = min(y + span, size[1]), min(x + span, size[0])
            edges = sums[end_y, end_x] - sums[y, end_x] - sums[end_y, x] + sums[y, x]
            edge_counts.append((-int(edges), int(top), int(left)))
    return [(top, left) for _, top, left in sorted(edge_counts)[:_WINDOW_COUNT]]
