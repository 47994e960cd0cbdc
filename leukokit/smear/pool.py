"""One scale for several images: of a slide, or of a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.smear.scale import UNKNOWN_SCALE, Scale, ScaleSource

SURE = 0.2
"""Smallest confidence at which an image's own red cells determine its scale (the image is "sure")."""
AGREE = 0.15
"""Largest difference of ln D between images of one scale. Compared with annotated boxes, nine of ten images
are at most .075 to .16 off."""
ENOUGH = 3
"""Fewest sure images from which another image can take its scale."""
MOST = 0.8
"""Smallest share of the weight that must agree for that; images at two magnifications do not agree."""
ANOTHER_MAGNIFICATION = math.log(5.0)
"""Difference of ln D above which even an image that is not sure has another magnification: of 93 such images
of bccd, all-pbs and pbc-boxes, cropped to 60 % or whole, none is off by more, the worst by a factor of
4.3."""

_GRID = 0.005  # of ln D: half a percent, a tenth of the error of a measurement


@dataclass(frozen=True, slots=True)
class Pool:
    """Pooled scale of the images of a slide or data set.

    Attributes
    ----------
    scale : Scale
        Median of the red-cell diameters, weighted by confidence; unknown where no image is sure. Its
        confidence is the sum of the confidences of the images within 15 % of it, over the number of all
        images: the mean confidence where all agree, less where some disagree or show no red cells.
    sure : int
        Number of sure images.
    agreement : float
        Share of the sure images' weight within 15 % of the median.
    """

    scale: Scale
    sure: int
    agreement: float

    @property
    def usable(self) -> bool:
        """Whether the scale can be used for all images: not where only a few of them show red cells."""
        return self.scale.known

    @property
    def agreed(self) -> bool:
        """Whether an image without red cells of its own can take this scale."""
        return self.sure >= ENOUGH and self.agreement >= MOST


def is_sure(scale: Scale) -> bool:
    """Whether an image's own red cells determine its scale."""
    return scale.source is ScaleSource.RED_CELLS and scale.confidence >= SURE


def is_another_magnification(own: Scale, pooled: Scale) -> bool:
    """Whether an image's own scale, even one with low confidence, differs too much from the pooled one."""
    difference = math.log(own.red_cell_px / pooled.red_cell_px)  # NaN where the image has no scale of its own
    return abs(difference) > ANOTHER_MAGNIFICATION


def snapped(scale: Scale) -> Scale:
    """Round a scale to a grid of half a percent, so that small noise has no effect."""
    if not scale.red_cell_px > 0:
        return UNKNOWN_SCALE
    px = math.exp(round(math.log(scale.red_cell_px) / _GRID) * _GRID)
    return Scale(round(px, 3), round(min(max(scale.confidence, 0.0), 1.0), 2), scale.source)


def pool(scales: Sequence[Scale]) -> Pool:
    """Pool the scales measured on several images; their order does not matter."""
    # Sorted: sums of floats depend on the order.
    sure = sorted((math.log(scale.red_cell_px), scale.confidence) for scale in scales if is_sure(scale))
    if not sure:
        return Pool(UNKNOWN_SCALE, 0, 0.0)
    logs, weights = np.array(sure).T
    center = _weighted_median(logs, weights)
    agreeing = float(weights[np.abs(logs - center) <= AGREE].sum())
    pooled = snapped(Scale(math.exp(center), agreeing / len(scales), ScaleSource.RED_CELLS))
    return Pool(pooled, len(sure), agreeing / float(weights.sum()))


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Smallest of the sorted values at which the cumulative weight reaches one half."""
    total = np.cumsum(weights)
    return float(values[np.searchsorted(total, total[-1] / 2)])
