"""Stain contrast: whether an image shows something stained, or only glass, noise or black."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.otsu import histogram, two_level_otsu
from leukokit.smear.void import void_mask, without_void

MIN_SPREAD = 34.0
"""Smallest spread of stain, in gray levels. Measured on 364 crops of bare glass, some with specks: 32 at
most; on smears of four labs: 58 or more, and 37 or more on 530 smears whose stain was halved."""

MIN_EDGES = 1.75
"""Smallest ratio of the gradient on the contours of stain to the median gradient. Noise of any grain: 1.0 to
1.7 (99 %), since the gradient of a Gaussian field does not depend on its value; smears of four labs: 1.84 or
more, also when blurred or shrunk to half the size."""

WIDE_SPREAD, WIDE_SPREAD_MIN_EDGES = 110.0, 1.45
"""Where the spread is at least the first value, the second is the smallest ratio. In crowded fields nearly
every pixel is close to the edge of a red cell, so the median gradient is high: the ratio is 1.51 to 1.74 in 3
% of 360 rendered fields, whose spread is 117 or more. Noise of up to 20 gray levels has a spread of 95 at
most."""

_SIDES = (200, 256)  # px; images with a shorter or longer long side are resized to the nearer of the two
_MIN_PIXELS = 64  # pixels that are not black; too few give no percentile
_CROSS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class StainContrast:
    """How much stain an image shows.

    Attributes
    ----------
    spread : float
        Range of the stain from the 1st to the 99th percentile, in gray levels of 0..255.
    edges : float
        Gradient on the contours of stained objects over the median gradient; 0 without contours.
    """

    spread: float
    edges: float

    @property
    def stained(self) -> bool:
        """False for blank glass, noise and black: there is no stain whose color could be normalized."""
        min_edges = WIDE_SPREAD_MIN_EDGES if self.spread >= WIDE_SPREAD else MIN_EDGES
        return self.spread >= MIN_SPREAD and self.edges >= min_edges


def stain_contrast(image: NDArray[np.uint8]) -> StainContrast:
    """Measure the stain contrast of an image; black areas (see ``void_mask``) do not count.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Before any color adjustment: one that stretches colors can make noise look like stain.

    Returns
    -------
    StainContrast
    """
    small, void = resized(image), void_mask(image)
    if void is not None:
        void = cv2.resize(void.view(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    # Black is filled with glass, since the outline of a cell cut out on black may be its only edge.
    stain = _stain(cv2.GaussianBlur(without_void(small, void), (0, 0), 1.0))
    visible = None if void is None else ~void
    counts = histogram(stain, visible)
    if counts.sum() < _MIN_PIXELS:
        return StainContrast(0.0, 0.0)
    low, high = np.searchsorted(np.cumsum(counts), np.array([0.01, 0.99]) * counts.sum())
    spread = float(high - low)
    # True for half of all blank images: the ratio of two gradients near zero has no meaning.
    if spread < MIN_SPREAD:
        return StainContrast(spread, 0.0)
    levels = two_level_otsu(counts)
    # Nuclei are a few percent of a crowded field, where both Otsu thresholds may be among the levels of red
    # cells. If these are out of focus, only the outlines of nuclei are steep: a third level is for them.
    contours = () if levels is None else (*levels, (levels[1] + int(high)) // 2)
    return StainContrast(spread, _edges(stain, contours, visible, spread))


def resized(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize an image so that one blur width and one gradient fit all images."""
    height, width = image.shape[:2]
    longer = max(height, width)
    side = min(max(longer, _SIDES[0]), _SIDES[1])
    if side == longer:
        return image
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    interpolation = cv2.INTER_AREA if side < longer else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), dtype=np.uint8)


def _stain(image: Any) -> NDArray[np.uint8]:
    """Darkness in green relative to red and blue, since both stains of a smear absorb green.

    A linear combination, so that noise of the channels stays Gaussian: 176 + (red + blue) / 4 - green.
    """
    red, green, blue = cv2.split(image)
    light = cv2.addWeighted(red, 0.25, blue, 0.25, 176)
    return np.asarray(cv2.subtract(light, green), dtype=np.uint8)


def _edges(
    stain: NDArray[np.uint8], levels: Iterable[int], visible: NDArray[np.bool_] | None, spread: float
) -> float:
    """Gradient on the contours of the level with the steepest, over the median; 0 without contours."""
    across, down = cv2.Sobel(stain, cv2.CV_32F, 1, 0), cv2.Sobel(stain, cv2.CV_32F, 0, 1)
    gradient = cv2.magnitude(across, down)
    every_other = gradient[::2, ::2]  # as good a median, in a tenth of the time
    typical = float(np.median(every_other if visible is None else every_other[visible[::2, ::2]]))
    clearest = 0.0
    for level in levels:
        _, above = cv2.threshold(stain, level, 255, cv2.THRESH_BINARY)
        contour = cv2.morphologyEx(above, cv2.MORPH_GRADIENT, _CROSS)
        if cv2.countNonZero(contour):
            clearest = max(clearest, cv2.mean(gradient, contour)[0])
    # Coarse noise in 8 bits has steps of one gray level with a gradient of 0 between them: a lower bound.
    return clearest / max(typical, 0.1 * spread)
