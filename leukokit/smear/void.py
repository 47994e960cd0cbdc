"""Black areas, from a mask or an aperture, which show no glass."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GLASS = 235
"""Gray level of empty glass after a white balance."""

_MAX_BLACK = 14  # of 255 in the brightest channel; the darkest nuclei of six labs stay above 30
_MIN_SHARE = 0.03  # of the image; less black is dirt, and changes no measurement
_ROUND = np.ones((5, 5), np.uint8)
_ROUND[[0, 0, -1, -1], [0, -1, 0, -1]] = 0


def void_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Find black areas.

    Parameters
    ----------
    image : uint8 array, H x W x 3

    Returns
    -------
    bool array, H x W, or None
        Black areas with two px around them, since JPEG blurs their rim, and all other black pixels. None
        where hardly anything is black.
    """
    red, green, blue = cv2.split(image)
    black = (cv2.max(cv2.max(red, green), blue) <= _MAX_BLACK).view(np.uint8)
    min_pixels = _MIN_SHARE * black.size
    if cv2.countNonZero(black) <= min_pixels:
        return None
    void = np.asarray(cv2.dilate(cv2.morphologyEx(black, cv2.MORPH_OPEN, _ROUND), _ROUND), np.uint8)
    return cv2.bitwise_or(void, black).view(np.bool_) if cv2.countNonZero(void) > min_pixels else None


def without_void(image: NDArray[np.uint8], void: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """Fill black areas with glass: the color of the image's own glass where it shows some, else light gray.

    Returns
    -------
    uint8 array, H x W x 3
        ``image`` itself where ``void`` is None.
    """
    if void is None:
        return image
    filled = image.copy()
    visible = image[~void]
    light = (
        np.percentile(visible[:: max(1, len(visible) // 20_000)], 95, axis=0) if len(visible) else np.zeros(3)
    )
    # The lightest pixels of a cell cut out on black are cytoplasm, not glass.
    filled[void] = np.rint(light) if light.min() >= 180 else GLASS
    return filled
