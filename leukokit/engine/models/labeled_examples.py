"""Rows of a fold: unlike the images of a prediction, their classes and groups are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Examples


@dataclass(frozen=True)
class LabeledExamples(Examples):
    """Examples of a data set.

    Attributes
    ----------
    labels : str array (n,)
        True classes.
    groups : str array (n,)
        Group of each sample.
    """

    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
