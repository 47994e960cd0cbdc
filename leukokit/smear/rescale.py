"""Resampling an image to another scale, so that red cells measure a given number of px."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.errors import ImageRejected
from leukokit.smear.scale import Scale

MAX_FACTOR = 8.0
"""Largest enlargement; further enlargement shows no more detail."""

MIN_SIDE = 16
"""Shortest side of an image that can be segmented, in px."""

MAX_PIXELS = 2**26
"""Largest number of pixels, as for images that are read."""


def rescaled(image: NDArray[np.uint8], scale: Scale, red_cell_px: float) -> NDArray[np.uint8]:
    """Resize an image of known scale.

    Shrinking averages over areas; enlarging uses cubic interpolation.

    Parameters
    ----------
    image : uint8 array, H x W or H x W x 3
    scale : Scale
        Scale of ``image``; must be known.
    red_cell_px : float
        Diameter of a red cell in the result, in px.

    Returns
    -------
    uint8 array
        ``image`` itself where its size does not change.

    Raises
    ------
    ImageRejected
        ``too_large`` where the result would be more than 8 times as wide, or have more than 2^26 px;
        ``too_small`` where it would be shrunk to less than 16 px a side.
    """
    factor = red_cell_px / scale.red_cell_px
    height, width = image.shape[:2]
    if factor > MAX_FACTOR:
        raise ImageRejected(
            "too_large",
            f"red cells measure {scale.red_cell_px:.3g} px; for {red_cell_px:.3g} px the image would be "
            f"enlarged {factor:.1f} times, more than {MAX_FACTOR:g}; check the scale",
        )
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return image
    if factor < 1 and min(size) < MIN_SIDE:
        raise ImageRejected(
            "too_small",
            f"red cells measure {scale.red_cell_px:.4g} px; for {red_cell_px:.3g} px the image would be "
            f"shrunk to {size[0]} x {size[1]} px, less than {MIN_SIDE}; check the scale",
        )
    if size[0] * size[1] > MAX_PIXELS:
        raise ImageRejected(
            "too_large",
            f"{size[0]} x {size[1]} px where red cells measure {red_cell_px:.3g} px, more than "
            f"{MAX_PIXELS} px; cut it into fields of view first",
        )
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), dtype=np.uint8)
