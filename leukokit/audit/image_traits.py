"""Properties of an image that come from its acquisition, not its cells: color, frame, corners, background.

All of them are computed from the pixels before any preprocessing. A score that a classifier can reach from
them alone does not show that it uses the cells (Zech et al. 2018, doi 10.1371/journal.pmed.1002683).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, RGBImage
from leukokit.smear.color import color_traits

CORNERS = ("top left", "top right", "bottom left", "bottom right")
CORNER_SHARE = (1 / 7, 3 / 14)
"""Height and width of a corner as shares of the image's: 32 x 48 px of 224 x 224."""
GRID = (8, 12)
"""Rows and columns of a corner's descriptor."""
FRAME = 8
"""Width of the outer frame, in px."""
FOREGROUND = 24
"""Gray values up to this one count as black: JPEG artifacts in a black background reach it."""
WORKING_SIDE = 448
"""Longest side, in px, at which corners are looked at; larger images are shrunk to it."""


def frame_traits(lab: NDArray[np.uint8]) -> FloatArray:
    """Compute the six color numbers of the outer frame: 8 px wide, in small images a quarter of the side."""
    width = max(1, min(FRAME, min(lab.shape[:2]) // 4))
    inner = lab[width:-width]
    strips = (lab[:width], lab[-width:], inner[:, :width], inner[:, -width:])
    return color_traits(np.concatenate([strip.reshape(-1, 3) for strip in strips]))


def foreground_share(rgb: RGBImage) -> float:
    """Share of pixels that are not black, 0..1; clearly below 1 only where the background was blanked."""
    red, green, blue = cv2.split(rgb)  # cv2's maximum takes a tenth of the time of numpy's over an axis
    return float(np.mean(cv2.max(cv2.max(red, green), blue) > FOREGROUND))


def at_working_size(rgb: RGBImage) -> RGBImage:
    """Shrink a large image to ``WORKING_SIDE``; return a small one unchanged."""
    height, width = rgb.shape[:2]
    factor = WORKING_SIDE / max(height, width)
    if factor >= 1:
        return rgb
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def corner_boxes(rgb: RGBImage, share: tuple[float, float]) -> list[tuple[slice, slice]]:
    """Rows and columns of the four corners of an image, in the order of ``CORNERS``."""
    height, width = rgb.shape[:2]
    rows, columns = max(1, round(height * share[0])), max(1, round(width * share[1]))
    top, bottom = slice(0, rows), slice(height - rows, height)
    left, right = slice(0, columns), slice(width - columns, width)
    return [(top, left), (top, right), (bottom, left), (bottom, right)]


def stroke_window(rgb: RGBImage) -> int:
    """Side of the structuring element, in px and odd; strokes are thinner. 7 at 224 px."""
    height, width = rgb.shape[:2]
    side: int = max(height, width) // 32
    return max(7, side) | 1


def corner_strokes(rgb: RGBImage) -> FloatArray:
    """Describe the thin dark strokes in each corner, without the color of the stain.

    A black top-hat of the red and of the blue channel keeps what is darker than its surroundings and thinner
    than a cell: black ink in both channels, red ink in blue only. The mean color, which depends on the stain,
    is removed.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3
        At working size.

    Returns
    -------
    float64 array (4, 2 * 8 * 12)
        One row per corner, in the order of ``CORNERS``; in levels of 0..255.
    """
    kernel = np.ones((stroke_window(rgb),) * 2, np.uint8)
    red, _, blue = cv2.split(rgb)
    hats = [cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, kernel) for plane in (red, blue)]
    rows, columns = GRID
    described = [
        [cv2.resize(hat[box], (columns, rows), interpolation=cv2.INTER_AREA).ravel() for hat in hats]
        for box in corner_boxes(rgb, CORNER_SHARE)
    ]
    return np.array(described, dtype=np.float64).reshape(len(CORNERS), -1)
