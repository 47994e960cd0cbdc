"""What is missing from a feature table, as columns of its own: a pattern that may tell the class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leukokit.api import FloatArray, Status


def missing_pattern(features: FloatArray, status: Sequence[Status | None]) -> FloatArray:
    """Say which features are missing and how the segmentation ended.

    Parameters
    ----------
    features : float64 array (n, d)
        NaN where a feature is missing.
    status : sequence of Status or None (n,)

    Returns
    -------
    float64 array (n, m)
        0 and 1: a column for each distinct set of images in which some feature is missing, and one for each
        status that occurs. No columns where nothing is missing and every status is ``ok``.
    """
    missing = np.isnan(features)
    kinds = [each for each in Status if each is not Status.OK]
    ended = np.array([[each is kind for kind in kinds] for each in status], dtype=bool)
    whole = np.hstack([missing.reshape(len(features), -1), ended.reshape(len(features), len(kinds))])
    telling = whole[:, whole.any(axis=0) & ~whole.all(axis=0)]
    # Columns as bytes, one bit an image: numpy compares whole columns field by field, a hundred times slower.
    packed = np.packbits(telling, axis=0)
    distinct = {column.tobytes(): place for place, column in reversed(list(enumerate(packed.T)))}
    return telling[:, [distinct[column] for column in sorted(distinct)]].astype(np.float64)
