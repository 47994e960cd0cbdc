"""Edges that may belong to red cells: position, and direction of the darker side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.otsu import histogram, two_level_otsu
from leukokit.smear.void import GLASS, void_mask, without_void
from leukokit.smear.white_balance import white_balance

_FloatArray = NDArray[np.float32]
_Bytes = NDArray[np.uint8]

_WHITE_PERCENTILE = 80
_BLUR = 1.0  # px; against edges from camera noise and JPEG blocks
# Canny's upper threshold is this factor times this quantile of the gradients, and at least this gradient
# (that of noise); the lower threshold is the last factor times the upper one.
_STRONG_QUANTILE, _HIGH_FACTOR, _MIN_HIGH, _LOW_FACTOR = 0.97, 0.45, 24.0, 0.4
_MIN_STAIN_RANGE = 12  # levels between the darkest and the lightest class; 27 and more on much paler smears
_MIN_PURPLE = 12  # (R + B) / 2 - G, of nuclei
# B - R: hematoxylin and azure B are bluer than eosin in all stains. Nuclei of four labs measure 25 to 90, red
# cells classified as nuclei -30 to 5.
_MIN_BLUE = 12
_NUCLEUS_MARGIN = 3  # px around a nucleus that contain its edge


@dataclass(frozen=True, slots=True)
class Edges:
    """Edge pixels of an image, and rough masks of its parts.

    Attributes
    ----------
    points : float32 array (n, 4)
        y, x, and the unit vector (y, x) toward the darker side.
    near_nucleus : bool array (n,)
        Edge pixels of nuclei.
    nucleus, foreground, reddish : uint8 arrays, H x W
        Rough masks, 0 or 1: pixels stained like nuclei, pixels that are no glass, pixels not clearly blue.
    steepness : float
        Median gradient of the edges over the lower quartile of all gradients; 0 without edges. Noise with a
        grain of up to 5 px has 2.0 to 3.8, smears of three labs 3.5 to 50.
    """

    points: _FloatArray
    near_nucleus: NDArray[np.bool_]
    nucleus: _Bytes
    foreground: _Bytes
    reddish: _Bytes
    steepness: float


def find_edges(image: _Bytes) -> Edges:
    """Find edges by Canny's method (doi 10.1109/TPAMI.1986.4767851) on the green channel.

    Hemoglobin and both dyes absorb green, so this channel shows every cell darker than glass.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    """
    void = void_mask(image)
    smooth = np.asarray(cv2.GaussianBlur(without_void(image, void), (0, 0), _BLUR), np.uint8)
    red, green, blue = white_balance(smooth, _WHITE_PERCENTILE, GLASS)
    nucleus, foreground = _rough_classes(red, green, blue)
    along_x = cv2.Sobel(green, cv2.CV_16S, 1, 0, ksize=3)
    along_y = cv2.Sobel(green, cv2.CV_16S, 0, 1, ksize=3)
    sample = np.hypot(along_x[::3, ::3], along_y[::3, ::3], dtype=np.float32)
    weak, strong = np.quantile(sample, (0.25, _STRONG_QUANTILE))
    high = max(_HIGH_FACTOR * float(strong), _MIN_HIGH)
    canny = cv2.Canny(along_x, along_y, high * _LOW_FACTOR, high, L2gradient=True)
    if void is not None:
        canny[cv2.dilate(void.view(np.uint8), _disk(_NUCLEUS_MARGIN)) > 0] = 0
        foreground[void] = nucleus[void] = 0
    y, x = np.nonzero(canny)
    dx, dy = along_x[y, x].astype(np.float32), along_y[y, x].astype(np.float32)
    length = np.hypot(dx, dy)
    points = np.stack([y.astype(np.float32), x.astype(np.float32), -dy / length, -dx / length], axis=1)
    near = cv2.dilate(nucleus, _disk(_NUCLEUS_MARGIN))[y, x] > 0
    reddish = (cv2.subtract(blue, red) < _MIN_BLUE).view(np.uint8)
    steepness = float(np.median(length) / max(float(weak), 1.0)) if len(length) else 0.0
    return Edges(points, near, nucleus, foreground, reddish, steepness)


def _rough_classes(red: _Bytes, green: _Bytes, blue: _Bytes) -> tuple[_Bytes, _Bytes]:
    """Rough masks of nuclei and foreground, uint8, 0 or 1, from white-balanced planes."""
    dark = cv2.bitwise_not(green)
    brightest, darkest_channel = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    saturation = cv2.divide(cv2.subtract(brightest, darkest_channel), brightest, scale=255)
    stain = np.asarray(cv2.addWeighted(saturation, 0.5, dark, 0.5, 0), np.uint8)
    counts = histogram(stain)
    levels, dark_levels = two_level_otsu(counts), two_level_otsu(histogram(np.asarray(dark, np.uint8)))
    if levels is None or dark_levels is None:  # flat
        return np.zeros_like(green), np.zeros_like(green)
    foreground = (dark > dark_levels[0]).view(np.uint8)
    low, high = levels
    grays = np.arange(256)
    lightest = np.average(grays[: low + 1], weights=counts[: low + 1])
    darkest = np.average(grays[high + 1 :], weights=counts[high + 1 :])
    if darkest - lightest < _MIN_STAIN_RANGE:
        return np.zeros_like(green), foreground
    purple = cv2.subtract(cv2.addWeighted(red, 0.5, blue, 0.5, 0), green)
    candidates = ((stain > high) & (purple > _MIN_PURPLE)).view(np.uint8)
    nucleus = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, _disk(2))
    return np.asarray(nucleus, np.uint8), foreground


def _disk(radius: int) -> _Bytes:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
