"""A fitted network: a Keras model, its classes, and the way from images to its input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Examples
from leukokit.api.types import FloatArray, RGBImage
from leukokit.errors import LeukokitError

LOGITS = "logits"
"""Name of the layer that gives the score of each class before softmax."""


@dataclass(frozen=True)
class NetworkModel:
    """A trained network.

    Attributes
    ----------
    network : keras.Model
        From float32 N x side x side x 3, red, green, blue in 0..255, to probabilities N x k. The layer named
        ``logits`` gives the scores before softmax.
    classes : tuple of str
        In the order of the probability columns.
    side : int
        Height and width that images are resized to, in px.
    batch_size : int
        Images a step when predicting.
    """

    network: Any
    classes: tuple[str, ...]
    side: int
    batch_size: int = 25
