"""One scale of several images: of a slide, or of a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.smear.scale import UNKNOWN_SCALE, Scale, ScaleSource

SURE = 0.2
"""Confidence from which on an image's own red cells are believed."""
AGREE = 0.15
"""Largest difference of ln D between images of one scale: measured against boxes, nine of ten are at most
.075 to .16 off."""
ENOUGH = 3
"""Fewest sure images that another image's scale is taken from."""
MOST = 0.8
"""Smallest share of the weight that has to agree for that: images at two magnifications do not."""
ANOTHER_MAGNIFICATION = math.log(5.0)
"""Difference of ln D at which even an unsure image is no image of that scale: of 93 unsure images of bccd,
all-pbs and pbc-boxes, cropped to 60 % or whole, none is off by more, the worst by a factor of 4.3."""

_GRID = 0.005  # of ln D: half a percent, a tenth of what measuring is off by


@dataclass(frozen=True, slots=True)
class Pool:
    """What the images of a slide or data set say together.

    Attributes
    ----------
    scale : Scale
        Median of their red-cell diameters, weighted by confidence; unknown where no image is sure. Its
        confidence is the sum of the confidences of the images within 15 % of it, over the number of all
        images: that of the images themselves where all agree, less where some disagree or show no red cells.
    sure : int
        How many images are sure.
    agreement : float
        Share of the weight of these that lies within 15 % of the median.
    """

    scale: Scale
    sure: int
    agreement: float

    @property
    def usable(self) -> bool:
        """Whether it holds for all its images: not where one crop in fifty shows red cells."""
        return self.scale.known

    @property
    def agreed(self) -> bool:
        """Whether an image without red cells of its own can take this scale."""
        return self.sure >= ENOUGH and self.agreement >= MOST


def is_sure(scale: Scale) -> bool:
    """Whether an image's red cells alone say its scale."""
    return scale.source is ScaleSource.RED_CELLS and scale.confidence >= SURE


def is_another_magnification(own: Scale, pooled: Scale) -> bool:
    """Whether what an image says of itself, however unsure, cannot be of the scale of others."""
    difference = math.log(own.red_cell_px / pooled.red_cell_px)  # NaN where the image says nothing
    return abs(difference) > ANOTHER_MAGNIFICATION


def snapped(scale: Scale) -> Scale:
    """Scale on a grid of half a percent, so that noise far below the error of measuring changes no result."""
    if not scale.red_cell_px > 0:
        return UNKNOWN_SCALE
    px = math.exp(round(math.log(scale.red_cell_px) / _GRID) * _GRID)
    return Scale(round(px, 3), round(min(max(scale.confidence, 0.0), 1.0), 2), scale.source)


def pool(scales: Sequence[Scale]) -> Pool:
    """Pool what was measured on several images; the order does not matter."""
    # Sorted: sums of floats depend on the order.
    sure = sorted((math.log(each.red_cell_px), each.confidence) for each in scales if is_sure(each))
    if not sure:
        return Pool(UNKNOWN_SCALE, 0, 0.0)
    logs, weights = np.array(sure).T
    center = _weighted_median(logs, weights)
    near = float(weights[np.abs(logs - center) <= AGREE].sum())
    found = snapped(Scale(math.exp(center), near / len(scales), ScaleSource.RED_CELLS))
    return Pool(found, len(sure), near / float(weights.sum()))


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Smallest of the sorted values that half of the weight does not exceed."""
    total = np.cumsum(weights)
    return float(values[np.searchsorted(total, total[-1] / 2)])
