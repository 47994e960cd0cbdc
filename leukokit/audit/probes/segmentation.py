"""Numbers of a segmentation that say nothing of how cells look: how many there are, and how large."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_COUNTS_AND_AREAS = re.compile(r"(^|_)(count|area)(_|$)")


def counts_and_areas(features: pd.DataFrame, ids: list[str]) -> NDArray[np.float64] | None:
    """Pick the counts and areas among the features of a recipe.

    Parameters
    ----------
    features : DataFrame (n x d)
        Indexed by sample id.
    ids : list of str (m,)

    Returns
    -------
    float64 array (m, k) or None
        The mean where a value is missing; None where no feature is a count or an area.
    """
    names = [name for name in features.columns if _COUNTS_AND_AREAS.search(str(name))]
    if not names:
        return None
    table = features[names].reindex(ids)
    return table.fillna(table.mean()).fillna(0.0).to_numpy(dtype=np.float64)
