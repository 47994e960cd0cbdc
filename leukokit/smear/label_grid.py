"""Resampling of label images, and how much larger a resampled image is."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def labels_on_grid(labels: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Resample a label image.

    Outlines are those of the mask, resampled and thresholded at one half; ids are those of the nearest
    labeled pixel.

    Parameters
    ----------
    labels : int32 array, h x w
        0 outside; ids up to 2^24.
    shape : tuple of int
        Height and width of the result.

    Returns
    -------
    int32 array, H x W
        ``labels`` itself where it has that shape. The id of an object that is lost on a coarser grid is
        unused.
    """
    if labels.shape == shape:
        return labels
    size = (shape[1], shape[0])
    mask = (labels > 0).astype(np.uint8) * np.uint8(255)
    interpolation = cv2.INTER_AREA if shape[1] < labels.shape[1] else cv2.INTER_LINEAR
    inside = cv2.resize(mask, size, interpolation=interpolation) > 127
    # Dilated by one pixel, since the resampled mask may extend half a pixel beyond the labels. OpenCV dilates
    # float32, not int32; ids are exact up to 2^24.
    wider = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    ids = cv2.resize(np.where(labels == 0, wider, labels), size, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.where(inside, ids, 0).astype(np.int32)


def resize_factor(before: NDArray[Any], after: NDArray[Any]) -> float:
    """How many times as wide ``after`` is; NaN where width and height did not change alike.

    What is cut off on all sides alike cannot be told from what was shrunk.
    """
    (old_height, old_width), (height, width) = before.shape[:2], after.shape[:2]
    if (old_height, old_width) == (height, width):
        return 1.0
    factor = math.sqrt(height * width / (old_height * old_width))
    alike = abs(height - factor * old_height) < 1 and abs(width - factor * old_width) < 1
    return factor if alike else math.nan
