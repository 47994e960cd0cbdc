"""What a fitted pipeline knows of its training data: references, and the limits of the distance from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leukokit.api import FloatArray, Scale
from leukokit.evaluation.likeness import Reference
from leukokit.smear.pool import is_sure

UNLIKE = "unlike"
FEATURES, STAIN, SCALE = DISTANCES = ("features", "stain", "scale")
"""What the model sees of an image; the color of image and background; the size of red cells."""

ChosenOn = Literal["validation", "training"]


def log_diameters(scales: Sequence[Scale | None]) -> FloatArray:
    """Logarithm of the red-cell diameter in px, n x 1; NaN where an image's own red cells do not say it."""
    sure = [scale is not None and is_sure(scale) for scale in scales]
    return np.array(
        [
            [math.log(scale.red_cell_px) if scale is not None and known else math.nan]
            for scale, known in zip(scales, sure, strict=True)
        ]
    ).reshape(len(scales), 1)


@dataclass(frozen=True)
class References:
    """The training images in each space.

    Attributes
    ----------
    spaces : mapping of str to Reference
        ``features`` and ``stain``; ``scale`` where red cells were measured.
    """

    spaces: Mapping[str, Reference]

    def distances(self, rows: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Distances of images in each space that is known; NaN for an image that has no number there."""
        found = {}
        for name, reference in self.spaces.items():
            if name in rows:
                nothing = ~np.isfinite(rows[name]).any(axis=1)
                found[name] = np.where(nothing, np.nan, reference.distances(rows[name]))
        return found


@dataclass(frozen=True)
class FittedUnlike:
    """Says which images are unlike the training data.

    Attributes
    ----------
    references : References
    limits : mapping of str to float
        Distance from which on an image is unlike, in each space.
    false_alarms : float
        Share of held-out images that may lie beyond some limit.
    chosen_on : str
        ``validation``, or ``training`` where the limits come from training images that were left out in turn.
    images : int
        How many held-out images they were chosen on.
    """

    references: References
    limits: Mapping[str, float]
    false_alarms: float
    chosen_on: ChosenOn
    images: int

    def distances(
        self, represented: FloatArray, stain: FloatArray, own: Sequence[Scale | None]
    ) -> dict[str, FloatArray]:
        """Distances over their limits, so that more than 1 is unlike; NaN where unknown.

        Parameters
        ----------
        represented : float64 array (n, d)
            What the model sees of the images.
        stain : float64 array (n, 9)
            Of :func:`leukokit.engine.unlike.stain.stain_in`.
        own : sequence of Scale or None (n,)
            What the images' own red cells say.
        """
        rows = {FEATURES: represented, STAIN: stain, SCALE: log_diameters(own)}
        found = self.references.distances(rows)
        return {name: found[name] / limit for name, limit in self.limits.items()}
