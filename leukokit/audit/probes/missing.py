"""Pattern of missing features as columns of a table: it may predict the class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leukokit.api import FloatArray, Status


def missing_pattern(features: FloatArray, status: Sequence[Status | None]) -> FloatArray:
    """Encode which features are missing and which status the segmentation has.

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
    kinds = [kind for kind in Status if kind is not Status.OK]
    statuses = np.array([[outcome is kind for kind in kinds] for outcome in status], dtype=bool)
    whole = np.hstack([missing.reshape(len(features), -1), statuses.reshape(len(features), len(kinds))])
    varying = whole[:, whole.any(axis=0) & ~whole.all(axis=0)]
    # Compare columns as packed bytes, one bit per image: a hundred times faster than np.unique over columns.
    packed = np.packbits(varying, axis=0)
    distinct = {column.tobytes(): place for place, column in reversed(list(enumerate(packed.T)))}
    return varying[:, [distinct[column] for column in sorted(distinct)]].astype(np.float64)
