"""Agreement of label images with boxes around the objects: counts and overlaps of boxes, by role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from leukokit.api import CELL, NUCLEUS, FloatArray, LabelImage, Labels, Status
from leukokit.evaluation.masks import Row
from leukokit.evaluation.objects import match_overlaps

SUFFIX = "_box"
"""What is added to the role in the names of scores: the overlap is that of boxes, not of outlines."""


def score_boxes(labels: Labels, boxes: Mapping[str, FloatArray], *, clears_border: bool = False) -> Row:
    """Score one image by the boxes around its objects, in every role that has boxes and label images.

    The boxes of the segmentation are those around its objects. Objects of a segmentation whose status is not
    ``ok`` match nothing.

    Parameters
    ----------
    labels : Labels
        Label images, H x W.
    boxes : mapping of role to float64 array n x 4
        Left, upper, right and lower edge in px of the label images, half-open.
    clears_border : bool
        True where the segmenter leaves out white cells that touch the border of the image. Their boxes, and
        objects of the segmentation that mostly lie in one, are then not counted.

    Returns
    -------
    Row
        ``status``, and for each role ``<role>_box_found`` and ``<role>_box_true`` (objects),
            ``<role>_box_failed``, then ``_matched``, ``_missed``, ``_extra``, ``_matched_mean`` and
        ``_matched_iou`` as
            :class:`leukokit.evaluation.objects.ObjectCounts` counts them. Empty where they share no role.
    """
    compared = {role: true for role, true in boxes.items() if role in labels.roles}
    row: Row = {"status": str(labels.status)} if compared else {}
    for role, true in compared.items():
        found = boxes_around(labels.roles[role])
        row[f"{role}{SUFFIX}_found"], row[f"{role}{SUFFIX}_true"] = len(found), len(true)
        nothing = labels.status is not Status.OK or not len(found)
        row[f"{role}{SUFFIX}_failed"] = bool(len(true) and nothing)
        if labels.status is not Status.OK:
            found = found[:0]
        counted = true
        if clears_border and role in (NUCLEUS, CELL):
            at_border = touching(true, labels.roles[role].shape)
            found, counted = found[~_mostly_inside(found, true[at_border])], true[~at_border]
        counts = match_overlaps(box_ious(found, counted))
        row |= {f"{role}{SUFFIX}_{name}": value for name, value in asdict(counts).items()}
    return row


def boxes_around(labels: LabelImage) -> FloatArray:
    """Boxes around the objects of a label image, n x 4, in the order of the ids."""
    places = [place for place in ndimage.find_objects(labels) if place is not None]
    edges = [(columns.start, rows.start, columns.stop, rows.stop) for rows, columns in places]
    return np.array(edges, dtype=np.float64).reshape(-1, 4)


def box_ious(found: FloatArray, true: FloatArray) -> FloatArray:
    """Intersection over union of each box with each other one.

    Parameters
    ----------
    found : float64 array n x 4
    true : float64 array m x 4

    Returns
    -------
    float64 array n x m
    """
    both = _intersections(found, true)
    union = _areas(found)[:, None] + _areas(true)[None, :] - both
    ious: FloatArray = both / union
    return ious


def touching(boxes: FloatArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which boxes come within one px of the border of an image of H x W px."""
    height, width = shape[:2]
    inner = np.array([width - 1, height - 1])
    return np.asarray(np.any(boxes[:, :2] < 1, axis=1) | np.any(boxes[:, 2:] > inner, axis=1))


def _mostly_inside(boxes: FloatArray, regions: FloatArray) -> NDArray[np.bool_]:
    """Which boxes have more than half of their area in one of the regions."""
    return np.asarray(np.any(2 * _intersections(boxes, regions) > _areas(boxes)[:, None], axis=1))


def _intersections(first: FloatArray, second: FloatArray) -> FloatArray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: FloatArray = np.prod(np.clip(high - low, 0, None), axis=2)
    return shared


def _areas(boxes: FloatArray) -> FloatArray:
    areas: FloatArray = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return areas
