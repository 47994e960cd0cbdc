"""White cells found against boxes of white cells.

A cell and a box match where the cell's center lies in the box or their boxes overlap with an intersection
over union of .3 or more; each matches one partner at most, so that of a cell in pieces one piece is right and
the others are false. Recall: boxes matched. Precision: cells matched. Exact: as many cells as boxes in the
image.

Cells that the border cuts: boxes there, and cells found there, smaller than a third of the set's median whole
box may be found or not; they count neither way. Cells without a box, of which bccd has some, count as false.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import find_objects
from scipy.optimize import linear_sum_assignment

from labs.annotated_images import AnnotatedImage, Boxes
from leukokit.api import LabelImage

OVERLAP = 0.3
CUT = 1 / 3
AT_BORDER = 2.0
"""A box this near to the border is cut by it, in px."""


def areas(boxes: Boxes) -> np.ndarray:
    """Areas of boxes, px."""
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def cut(boxes: Boxes, shape: tuple[int, ...]) -> np.ndarray:
    """Tell which boxes the border cuts."""
    right, bottom = shape[1] - AT_BORDER, shape[0] - AT_BORDER
    return (boxes[:, :2] <= AT_BORDER).any(axis=1) | (boxes[:, 2] >= right) | (boxes[:, 3] >= bottom)


def whole_area(samples: Sequence[AnnotatedImage]) -> float:
    """Median area of the white-cell boxes that the border does not cut, in px."""
    area_lists = [areas(p.boxes[~cut(p.boxes, p.image.shape)]) for p in samples if p.boxes is not None]
    return float(np.median(np.concatenate(area_lists)))


def score(cells: LabelImage, boxes: Boxes, whole: float) -> dict[str, float]:
    """Score one image.

    Parameters
    ----------
    cells : int32 array, H x W
    boxes : float64 array, n x 4
        Boxes of white cells.
    whole : float
        Median area of whole boxes at this scale, in px.

    Returns
    -------
    dict
        ``boxes``, ``cells``, ``matched``, ``exact`` (0 or 1).
    """
    measured_cells, centers = measured(cells)
    inside = (centers[:, None] >= boxes[None, :, :2]) & (centers[:, None] <= boxes[None, :, 2:])
    overlap = ious(measured_cells, boxes)
    match = inside.all(axis=2) | (overlap >= OVERLAP)
    rows, columns = linear_sum_assignment(-(match + overlap))
    true = match[rows, columns]
    rows, columns = rows[true], columns[true]
    small_box = cut(boxes, cells.shape) & (areas(boxes) < CUT * whole)
    small_cell = cut(measured_cells, cells.shape) & (areas(measured_cells) < CUT * whole)
    needed = ~small_box
    counted = ~small_cell
    # A pair counts where its box does; a cell in a needed box counts, however small.
    counted[rows] = needed[columns]
    matched = int(needed[columns].sum())
    return {
        "boxes": int(needed.sum()),
        "cells": int(counted.sum()),
        "matched": matched,
        "exact": float(counted.sum() == needed.sum()),
    }


def measured(cells: LabelImage) -> tuple[Boxes, np.ndarray]:
    """Boxes of the cells, and their centers of mass, x and y."""
    boxes, centers = [], []
    for number, place in enumerate(find_objects(cells), start=1):
        if place is None:
            continue
        rows, columns = np.nonzero(cells[place] == number)
        top, left = place[0].start, place[1].start
        boxes.append((left, top, place[1].stop, place[0].stop))
        centers.append((left + columns.mean(), top + rows.mean()))
    return np.array(boxes, float).reshape(-1, 4), np.array(centers, float).reshape(-1, 2)


def ious(first: Boxes, second: Boxes) -> np.ndarray:
    """Intersection over union of each of the first with each of the second boxes."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    union = areas(first)[:, None] + areas(second)[None] - both
    return both / np.maximum(union, 1e-9)
