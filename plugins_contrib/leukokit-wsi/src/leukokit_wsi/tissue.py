"""Which tiles of a slide show cells, by a thumbnail."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import Mask, RGBImage
from leukokit.api.smear import GLASS, white_point
from leukokit_wsi.slide import Slide, downsampling

STAINED_OD = 0.15
"""Optical density of a stained pixel: beta of Macenko et al. 2009, doi 10.1109/ISBI.2009.5193250."""
_SIDE_PX = 2048
"""Longer side of the thumbnail, at most."""
_STRIP_PX = 4_000_000
"""Pixels that are read at once for a thumbnail."""


def thumbnail(slide: Slide) -> RGBImage:
    """Make a small picture of the slide, at most 2048 px wide or high, from its coarsest sufficient level."""
    longest = max(slide.levels[0].width, slide.levels[0].height)
    wanted = max(longest / _SIDE_PX, 1.0)
    level = max(i for i in range(len(slide.levels)) if downsampling(slide, i) <= wanted * 1.01)
    size = slide.levels[level]
    factor = wanted / downsampling(slide, level)
    width, height = max(round(size.width / factor), 1), max(round(size.height / factor), 1)
    if width * height == size.width * size.height:
        return slide.read(level, 0, 0, size.width, size.height)
    result = np.empty((height, width, 3), np.uint8)
    rows = max(int(_STRIP_PX / size.width / factor), 1)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first = top * size.height // height
        last = max(bottom * size.height // height, first + 1)
        strip = slide.read(level, 0, first, size.width, last - first)
        result[top:bottom] = cv2.resize(strip, (width, bottom - top), interpolation=cv2.INTER_AREA)
    return result


def stained(picture: RGBImage) -> Mask:
    """Say which pixels are stained: their optical density against the glass reaches 0.15 in some channel.

    Parameters
    ----------
    picture : uint8 array, H x W x 3

    Returns
    -------
    bool array, H x W
        Black pixels, which no light passes or nobody scanned, do not count.
    """
    glass = white_point(picture)
    light = np.asarray(GLASS if glass is None else glass, np.float32)
    values = np.maximum(picture.astype(np.float32), 1)
    density = np.log10(light / values).max(axis=2)
    return np.asarray((density >= STAINED_OD) & (picture.max(axis=2) > 0))


def share(mask: Mask, x: float, y: float, width: float, height: float) -> float:
    """Share of a rectangle of a mask that is set; its edges are shares of the mask's size, 0 to 1."""
    rows, columns = mask.shape
    top, left = int(y * rows), int(x * columns)
    bottom, right = int(np.ceil((y + height) * rows)), int(np.ceil((x + width) * columns))
    return float(mask[top : max(bottom, top + 1), left : max(right, left + 1)].mean())
