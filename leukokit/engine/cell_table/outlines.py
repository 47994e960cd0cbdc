"""Outlines of the objects of a label image as polygons along the edges of their pixels."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import Mask

Ring: TypeAlias = NDArray[np.int32]
"""Corners (x, y), n x 2, the first one not repeated."""


def polygons(mask: Mask) -> list[list[Ring]]:
    """Polygons that cover exactly the pixels of a mask.

    Parameters
    ----------
    mask : bool array, h x w

    Returns
    -------
    list of list of Ring
        A polygon for each part that is connected along pixel edges: its outline, then its holes. Pixel (x, y)
        covers x to x + 1 and y to y + 1.
    """
    count, parts = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    return [polygon for part in range(1, count) for polygon in _polygons_of_part(parts == part)]


def _polygons_of_part(part: Mask) -> list[list[Ring]]:
    # Corners of pixels are the even points of a grid twice as fine: borders followed on it pass through them.
    height, width = part.shape
    fine = np.zeros((2 * height + 1, 2 * width + 1), np.uint8)
    for down in range(3):
        for right in range(3):
            fine[down : down + 2 * height : 2, right : right + 2 * width : 2] |= part
    found, tree = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    contours = [np.asarray(contour, dtype=np.int32) for contour in found]
    outer = {index: [_ring(contours[index])] for index, node in enumerate(tree[0]) if node[3] < 0}
    for index, node in enumerate(tree[0]):
        if node[3] >= 0:
            outer[int(node[3])].append(_ring(contours[index]))
    return list(outer.values())


def _ring(contour: NDArray[np.int32]) -> Ring:
    points = contour.reshape(-1, 2)
    after = np.roll(points, -1, axis=0)
    # A diagonal step cuts off the corner between two edges: one of its two candidates is a corner of a pixel.
    first = np.stack([points[:, 0], after[:, 1]], axis=1)
    second = np.stack([after[:, 0], points[:, 1]], axis=1)
    corner = np.where((first % 2 == 0).all(axis=1)[:, None], first, second)
    diagonal = (points != after).all(axis=1)
    path = np.stack([points, np.where(diagonal[:, None], corner, points)], axis=1).reshape(-1, 2)
    path = path[(path != np.roll(path, 1, axis=0)).any(axis=1)]
    before, following = path - np.roll(path, 1, axis=0), np.roll(path, -1, axis=0) - path
    turns = before[:, 0] * following[:, 1] != before[:, 1] * following[:, 0]
    ring: Ring = path[turns] // 2
    return ring
