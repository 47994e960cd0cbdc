"""Check what a classifier says that it sees of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from leukokit.api import Examples, FloatArray, PluginError


def checked_represented(represented: Any, examples: Examples, name: str) -> FloatArray:
    """Check what a model says that it sees of images; without any, take their features.

    Parameters
    ----------
    represented : object
        What the classifier returned.
    examples : Examples
        The images.
    name : str
        Class of the classifier.

    Returns
    -------
    float64 array n x d
        NaN where a number is missing; no columns where there is nothing.

    Raises
    ------
    PluginError
        Where it is no float64 array with a row for each image.
    """
    if represented is None:
        if examples.features is None:
            return np.empty((len(examples), 0))
        return examples.features.to_numpy(dtype=np.float64)
    if not isinstance(represented, np.ndarray) or represented.dtype != np.float64:
        kind = getattr(represented, "dtype", type(represented).__name__)
        raise PluginError(f"what {name} sees of images is {kind}, expected a float64 array n x d")
    if represented.ndim != 2 or len(represented) != len(examples):
        raise PluginError(
            f"what {name} sees of {len(examples)} images has the shape {represented.shape}, expected a row "
            "for each image"
        )
    return represented
