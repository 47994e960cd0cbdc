"""Black is no glass: pixels that a mask or an aperture blackened show nothing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GLASS = 235
"""Gray level of empty glass once the white is balanced."""

_BLACKEST = 14  # of 255 in the brightest channel; the darkest nuclei of six labs stay above 30
_LEAST_SHARE = 0.03  # of the image; less than that is dirt, and changes no measurement
_ROUND = np.ones((5, 5), np.uint8)
_ROUND[[0, 0, -1, -1], [0, -1, 0, -1]] = 0


def void_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Find what is black.

    Parameters
    ----------
    image : uint8 array, H x W x 3

    Returns
    -------
    bool array, H x W, or None
        Black areas, and two px around them, since JPEG blurs their rim; with them, whatever else is black,
        specks too. None where hardly anything is black.
    """
    red, green, blue = cv2.split(image)
    black = (cv2.max(cv2.max(red, green), blue) <= _BLACKEST).view(np.uint8)
    least = _LEAST_SHARE * black.size
    if cv2.countNonZero(black) <= least:
        return None
    void = np.asarray(cv2.dilate(cv2.morphologyEx(black, cv2.MORPH_OPEN, _ROUND), _ROUND), np.uint8)
    return cv2.bitwise_or(void, black).view(np.bool_) if cv2.countNonZero(void) > least else None


def without_void(image: NDArray[np.uint8], void: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """Fill what is black with glass: the image's own where it shows some, else light gray.

    Returns
    -------
    uint8 array, H x W x 3
        ``image`` itself where ``void`` is None.
    """
    if void is None:
        return image
    filled = image.copy()
    seen = image[~void]
    light = np.percentile(seen[:: max(1, len(seen) // 20_000)], 95, axis=0) if len(seen) else np.zeros(3)
    # A cell cut out on black shows no glass, and its lightest pixels are cytoplasm.
    filled[void] = np.rint(light) if light.min() >= 180 else GLASS
    return filled
