"""Stain contrast: whether an image shows anything stained, or nothing but glass, noise or black."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.otsu import histogram, two_level_otsu
from leukokit.smear.void import void_mask, without_void

LEAST_SPREAD = 34.0
"""Least spread of stain, in gray levels. 364 pieces of bare glass, some with specks: 32 at most; smears of
four labs: 58 or more, 37 or more of 530 that were made half as strong."""

LEAST_EDGES = 1.75
"""Least ratio of the gradient on the contours of stain to the median gradient. Noise of any grain: 1.0 to 1.7
(99 %), as the gradient of a Gaussian field does not depend on its value; smears of four labs: 1.84 or more,
also blurred, or shrunk to a half."""

STRONG_SPREAD, STRONG_EDGES = 110.0, 1.45
"""Where stain spreads this far, this ratio suffices. In crowded fields nearly every pixel lies near the edge
of a red cell, so the median gradient is high: 1.51 to 1.74 in 3 % of 360 rendered fields, whose spread is 117
or more. Noise of up to 20 gray levels spreads over 95 at most."""

_SIDES = (200, 256)  # px; images with another long side are measured at the nearer of the two
_FEWEST = 64  # pixels that are not black; a percentile of fewer says nothing
_CROSS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class StainContrast:
    """How much stain an image shows.

    Attributes
    ----------
    spread : float
        From the palest to the most stained pixels, 1st to 99th percentile, in gray levels of 0..255.
    edges : float
        Gradient on the contours of what is stained over the median gradient; 0 without contours.
    """

    spread: float
    edges: float

    @property
    def stained(self) -> bool:
        """False for blank glass, noise and black: there is no stain whose color could be normalized."""
        least = STRONG_EDGES if self.spread >= STRONG_SPREAD else LEAST_EDGES
        return self.spread >= LEAST_SPREAD and self.edges >= least


def stain_contrast(image: NDArray[np.uint8]) -> StainContrast:
    """Measure the stain contrast of an image; black areas (see ``void_mask``) do not count.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        As the camera took it. After an adjustment that stretches its colors, noise may look like stain.

    Returns
    -------
    StainContrast
    """
    small, void = resized(image), void_mask(image)
    if void is not None:
        void = cv2.resize(void.view(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    # What is cut out on black is seen against glass: its outline may be all the edges there are.
    stain = _stain(cv2.GaussianBlur(without_void(small, void), (0, 0), 1.0))
    seen = None if void is None else ~void
    counts = histogram(stain, seen)
    if counts.sum() < _FEWEST:
        return StainContrast(0.0, 0.0)
    low, high = np.searchsorted(np.cumsum(counts), np.array([0.01, 0.99]) * counts.sum())
    spread = float(high - low)
    # Half of all blank images end here: the ratio of two gradients near zero would say nothing.
    if spread < LEAST_SPREAD:
        return StainContrast(spread, 0.0)
    levels = two_level_otsu(counts)
    # Nuclei are a few percent of a crowded field: both of Otsu's thresholds may then lie among red cells, and
    # where these are out of focus, only the outlines of nuclei are steep. They lie nearer to the darkest.
    contours = () if levels is None else (*levels, (levels[1] + int(high)) // 2)
    return StainContrast(spread, _edges(stain, contours, seen, spread))


def resized(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring an image to a size that one blur and one gradient suit, at the same cost for all."""
    height, width = image.shape[:2]
    longer = max(height, width)
    side = min(max(longer, _SIDES[0]), _SIDES[1])
    if side == longer:
        return image
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    how = cv2.INTER_AREA if side < longer else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)


def _stain(image: Any) -> NDArray[np.uint8]:
    """How dark in green, and how much more so than in red and blue: both stains of a smear absorb green.

    A linear mix, so that noise in its channels stays Gaussian: 176 + (red + blue) / 4 - green.
    """
    red, green, blue = cv2.split(image)
    light = cv2.addWeighted(red, 0.25, blue, 0.25, 176)
    return np.asarray(cv2.subtract(light, green), dtype=np.uint8)


def _edges(
    stain: NDArray[np.uint8], levels: Iterable[int], seen: NDArray[np.bool_] | None, spread: float
) -> float:
    """Gradient on the contours at one of some levels, the clearest, over the median; 0 without contours."""
    across, down = cv2.Sobel(stain, cv2.CV_32F, 1, 0), cv2.Sobel(stain, cv2.CV_32F, 0, 1)
    gradient = cv2.magnitude(across, down)
    every_other = gradient[::2, ::2]  # as good a median, in a tenth of the time
    typical = float(np.median(every_other if seen is None else every_other[seen[::2, ::2]]))
    clearest = 0.0
    for level in levels:
        _, above = cv2.threshold(stain, level, 255, cv2.THRESH_BINARY)
        contour = cv2.morphologyEx(above, cv2.MORPH_GRADIENT, _CROSS)
        if cv2.countNonZero(contour):
            clearest = max(clearest, cv2.mean(gradient, contour)[0])
    # Coarse noise in 8 bits is flat but for terraces one gray level high: it has its true slope, not none.
    return clearest / max(typical, 0.1 * spread)
