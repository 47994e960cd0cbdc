"""Sharpness and exposure of a picture, and the color of its background and of its red cells."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, RGBImage
from leukokit.smear.color import color_traits
from leukokit.smear.otsu import histogram, two_level_otsu

EXPOSURE_NAMES = ("level_005", "level_05", "level_99", "level_995", "clipped")
LAYER_NAMES = tuple(
    f"{layer}_{name}"
    for layer in ("glass", "red_cells")
    for name in ("l", "a", "b", "l_spread", "a_spread", "b_spread", "share")
)

_WORKING_SIDE = 640
"""Px; sharpness of larger images is measured on them made smaller, and counted in their px."""
_FIRST_BLUR, _SECOND_BLUR = 0.8, 1.5  # px
_STRONGEST = 0.97  # quantile of the gradient from which a pixel counts as an edge
_STEP = 4  # every fourth pixel is enough for that quantile
_CLIPPED = 254
_GRID = 112  # px, longest side at which colors of layers are measured
_NEAR_NUCLEUS = 1 / 20  # of the longest side: cytoplasm may be as pale as red cells


def blur_width(gray: NDArray[np.uint8]) -> float:
    """Estimate how far the edges of a picture are blurred.

    An edge that is blurred by ``s`` loses the less of its gradient to a further blur the larger ``s`` is; the
    ratio of both gradients gives ``s``, whatever the contrast (Zhuo and Sim 2011, section 3, doi
    10.1016/j.patcog.2011.03.009). The median over the strongest edges is given.

    Parameters
    ----------
    gray : uint8 array, H x W

    Returns
    -------
    float
        Standard deviation of the blur, in px of the image; NaN for a picture of one color.
    """
    factor = min(1.0, _WORKING_SIDE / max(gray.shape))
    if factor < 1:
        smaller = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        gray = np.asarray(smaller, dtype=np.uint8)
    first = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), _FIRST_BLUR)
    second = cv2.GaussianBlur(first, (0, 0), _SECOND_BLUR)
    before, after = (_gradient(np.asarray(plane, dtype=np.float32)) for plane in (first, second))
    least = float(np.quantile(before[::_STEP, ::_STEP], _STRONGEST))
    if least < 1.0:
        return float("nan")
    edges = before >= least
    ratio = float(np.median(before[edges] / np.maximum(after[edges], 1e-6)))
    squared = _SECOND_BLUR**2 / max(ratio**2 - 1, 1e-2) - _FIRST_BLUR**2
    return float(np.sqrt(max(squared, 1e-2)) / factor)


def exposure(rgb: RGBImage, gray: NDArray[np.uint8]) -> FloatArray:
    """Gray levels that .5, 5, 99 and 99.5 % of the pixels do not exceed, and the share of white pixels.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3
    gray : uint8 array, H x W

    Returns
    -------
    float64 array (5,)
        In the order of ``EXPOSURE_NAMES``.
    """
    counts = np.cumsum(histogram(gray))
    levels = np.searchsorted(counts, np.array([0.005, 0.05, 0.99, 0.995]) * counts[-1])
    red, green, blue = cv2.split(rgb)
    clipped = float(np.mean(cv2.min(cv2.min(red, green), blue) >= _CLIPPED))
    return np.array([*levels, clipped], dtype=np.float64)


def layer_colors(rgb: RGBImage, lab: NDArray[np.uint8]) -> FloatArray:
    """Describe the glass and the red cells of a smear: their color, its spread, and the area they take.

    Two thresholds of Otsu on green part glass, red cells and nuclei; what lies near a nucleus is left out,
    since cytoplasm may be as pale as a red cell.

    Parameters
    ----------
    rgb, lab : uint8 arrays, H x W x 3

    Returns
    -------
    float64 array (14,)
        In the order of ``LAYER_NAMES``; zeros for a layer that the picture does not show.
    """
    step = max(1, max(rgb.shape) // _GRID)  # every second pixel of 224 gives the same mean color
    green, lab = np.ascontiguousarray(rgb[::step, ::step, 1]), lab[::step, ::step]
    levels = two_level_otsu(histogram(green))
    if levels is None:
        return np.zeros(len(LAYER_NAMES))
    dark = (green <= levels[0]).astype(np.uint8)
    reach = max(1, round(max(green.shape) * _NEAR_NUCLEUS))
    nuclei = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(nuclei, np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    glass = green > levels[1]
    red_cells = (green > levels[0]) & ~glass & ~near
    return np.concatenate([_layer(lab, layer) for layer in (glass, red_cells)])


def _layer(lab: NDArray[np.uint8], layer: NDArray[np.bool_]) -> FloatArray:
    if not layer.any():
        return np.zeros(len(LAYER_NAMES) // 2)
    return np.append(color_traits(lab[layer]), float(layer.mean()))


def _gradient(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)
