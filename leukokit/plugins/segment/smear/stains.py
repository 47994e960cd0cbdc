"""Color planes after a white balance: darkness, amount of stain, foreground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask, RGBImage
from leukokit.api.smear import histogram, two_level_otsu, white_balance

Plane = NDArray[np.uint8]

_WHITE_PERCENTILE, _WHITE_LEVEL = 80.0, 235
_SMALL_GRAIN = 26.0  # red-cell diameter, in px, below which a median filter of 5 px would remove detail
_PALE = 0.6  # threshold of pale foreground, as a fraction of the range from level 20 to that of foreground
_PALEST = 26
_NO_GLASS = 0.85  # of what is not black; in round views of four labs at most .81


@dataclass(frozen=True, slots=True)
class Stains:
    """A white-balanced image, by planes.

    Attributes
    ----------
    red, green, blue : uint8 arrays, h x w
        After median filter and white balance.
    darkness : uint8 array, h x w
        ``255 - green``; hemoglobin and both stains absorb green.
    stain : uint8 array, h x w
        Weighted mean of saturation, darkness and lost red light, which only the nuclear stain absorbs.
    foreground : bool array, h x w
        Everything that lies on the glass: darker than the lower of two Otsu thresholds.
    pale : bool array, h x w
        ``foreground`` and pale cytoplasm, by a lower threshold.
    """

    red: Plane
    green: Plane
    blue: Plane
    darkness: Plane
    stain: Plane
    foreground: Mask
    pale: Mask

    @property
    def colors(self) -> tuple[Plane, Plane, Plane]:
        """Red, green and blue."""
        return self.red, self.green, self.blue


def measure_stains(pixels: RGBImage, diameter: float) -> Stains | None:
    """Measure the stain of an image, uint8 h x w x 3; None where it has fewer than three gray levels."""
    smooth = np.asarray(cv2.medianBlur(pixels, 3 if diameter < _SMALL_GRAIN else 5), dtype=np.uint8)
    red, green, blue = white_balance(smooth, _WHITE_PERCENTILE, _WHITE_LEVEL)
    darkness = np.asarray(cv2.bitwise_not(green), dtype=np.uint8)
    levels = two_level_otsu(histogram(darkness))
    if levels is None:
        return None
    pale = darkness > max(20 + (levels[0] - 20) * _PALE, _PALEST)
    return Stains(red, green, blue, darkness, _stain(red, green, blue), darkness > levels[0], pale)


def shows_no_glass(stains: Stains, void: Mask) -> bool:
    """Whether nearly everything that is not black is foreground: the image was cut out along its cells."""
    shown = ~void
    return bool(np.count_nonzero(stains.foreground & shown) > _NO_GLASS * np.count_nonzero(shown))


@numba.njit(cache=True, nogil=True)
def _stain(red: Plane, green: Plane, blue: Plane) -> Any:
    """0.425 S + 0.425 (255 - G) + 0.15 (255 - R), S the saturation of HSV, 0..255."""
    out = np.empty(red.shape, np.uint8)
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            r, g, b = np.int32(red[i, j]), np.int32(green[i, j]), np.int32(blue[i, j])
            brightest, darkest = max(r, g, b), min(r, g, b)
            saturation = 255.0 * (brightest - darkest) / brightest if brightest else 0.0
            out[i, j] = int(0.425 * (saturation + (255 - g)) + 0.15 * (255 - r) + 0.5)
    return out
