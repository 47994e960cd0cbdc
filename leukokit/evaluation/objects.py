"""Objects of two label images, paired by overlap: how many were found, missed and invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray, LabelImage

IOU = 0.5
"""Overlap from which a pair counts as found."""
IOUS = tuple(np.arange(0.5, 0.96, 0.05).round(2).tolist())
"""Overlaps over which scores are averaged, .5 to .95 (Lin et al., Microsoft COCO, doi
10.1007/978-3-319-10602-1_48)."""


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """Objects of one image, or the sums over many.

    Attributes
    ----------
    matched : int
        Pairs of a true object and one of the segmentation with an IoU of .5 or more; each object is in one.
    missed : int
        True objects without such a partner.
    extra : int
        Objects of the segmentation without such a partner.
    matched_mean : float
        Mean number of pairs over IoU thresholds from .5 to .95, in steps of .05.
    matched_iou : float
        Sum of the IoU of the pairs.
    """

    matched: int
    missed: int
    extra: int
    matched_mean: float
    matched_iou: float


def match_objects(found: LabelImage, true: LabelImage) -> ObjectCounts:
    """Pair the objects of a segmentation with true ones, so that most pairs reach an IoU.

    Parameters
    ----------
    found, true : int32 arrays H x W
        Label images; 0 is background.

    Returns
    -------
    ObjectCounts
    """
    return match_overlaps(iou_matrix(found, true))


def match_overlaps(overlaps: FloatArray) -> ObjectCounts:
    """Pair objects by their overlaps, as :func:`match_objects` does.

    Parameters
    ----------
    overlaps : float64 array n x m
        Intersection over union of each object of the segmentation with each true one.
    """
    n_found, n_true = overlaps.shape
    pairs = [_pairs(overlaps, threshold) for threshold in IOUS]
    at_half = pairs[IOUS.index(IOU)]
    return ObjectCounts(
        matched=len(at_half),
        missed=n_true - len(at_half),
        extra=n_found - len(at_half),
        matched_mean=float(np.mean([len(pairs_there) for pairs_there in pairs])),
        matched_iou=float(at_half.sum()),
    )


def iou_matrix(found: LabelImage, true: LabelImage) -> FloatArray:
    """Intersection over union of each object of one label image with each of the other.

    Returns
    -------
    float64 array n x m
        Rows and columns in the order of the ids.
    """
    rows, found_index = np.unique(found, return_inverse=True)
    columns, true_index = np.unique(true, return_inverse=True)
    pairs = found_index.ravel() * len(columns) + true_index.ravel()
    both = np.bincount(pairs, minlength=len(rows) * len(columns)).reshape(len(rows), len(columns))
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    overlaps: FloatArray = (both / union)[np.ix_(rows > 0, columns > 0)]
    return overlaps


def without_ids(labels: LabelImage, ids: NDArray[np.integer]) -> LabelImage:
    """Label image without some of its objects."""
    return np.where(np.isin(labels, ids), np.int32(0), labels)


def ids_at_border(labels: LabelImage) -> NDArray[np.int32]:
    """Ids of the objects that touch the border of the image, ascending."""
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    ids = np.unique(rim)
    return ids[ids > 0]


def ids_mostly_on(labels: LabelImage, region: NDArray[np.bool_]) -> NDArray[np.integer]:
    """Ids of the objects of which more than half lies in a region, ascending."""
    sizes = np.bincount(labels.ravel())
    inside = np.bincount(labels[region], minlength=len(sizes))
    ids = np.flatnonzero(2 * inside > sizes)
    return ids[ids > 0]


def _pairs(overlaps: FloatArray, threshold: float) -> FloatArray:
    """IoU of the pairs that reach a threshold, one to one: as many pairs as there can be."""
    reached = overlaps >= threshold
    # Two objects of a label image never share a pixel: above .5 there is one candidate at most.
    if not (reached.sum(axis=0) > 1).any() and not (reached.sum(axis=1) > 1).any():
        return overlaps[reached]
    from scipy.optimize import linear_sum_assignment  # rarely needed, and start-up must be fast

    rows, columns = linear_sum_assignment(np.where(reached, 1 + overlaps, 0.0), maximize=True)
    chosen = reached[rows, columns]
    ious: FloatArray = overlaps[rows[chosen], columns[chosen]]
    return ious
