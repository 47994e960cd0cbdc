"""Color planes and edges of one image, each computed at most once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import RGBImage, sealed
from leukokit.smear.scale import UNKNOWN_SCALE, Scale


class Planes:
    """Color planes of one image, shared by feature extractors; each is computed on first access and kept.

    One instance exists while the features of one image are computed, so nothing is shared between images.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3
        The image after preprocessing.
    scale : Scale, optional
        Scale of that image; unknown where omitted.
    """

    def __init__(self, rgb: RGBImage, scale: Scale = UNKNOWN_SCALE) -> None:
        self._rgb = rgb
        self.scale = scale
        self._edges: dict[tuple[float, float], NDArray[np.uint8]] = {}

    def __reduce__(self) -> Any:
        return (Planes, (self.rgb, self.scale))

    @property
    def rgb(self) -> RGBImage:
        """Image after preprocessing, uint8 H x W x 3, read-only; it cannot be replaced."""
        return self._rgb

    @cached_property
    def gray(self) -> NDArray[np.uint8]:
        """Luma of BT.601, uint8 H x W."""
        return _frozen(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY))

    @cached_property
    def hsv(self) -> NDArray[np.uint8]:
        """OpenCV's 8-bit HSV, uint8 H x W x 3; hue in 0..179."""
        return _frozen(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2HSV))

    @cached_property
    def lab(self) -> NDArray[np.uint8]:
        """OpenCV's 8-bit Lab, uint8 H x W x 3; L scaled to 0..255, a and b shifted by 128."""
        return _frozen(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2LAB))

    @cached_property
    def ycrcb(self) -> NDArray[np.uint8]:
        """OpenCV's 8-bit YCrCb, uint8 H x W x 3."""
        return _frozen(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2YCrCb))

    def edges(self, low: float, high: float) -> NDArray[np.uint8]:
        """Canny edges of the gray plane, uint8 H x W, 0 or 255.

        Parameters
        ----------
        low, high : float
            Hysteresis thresholds on the gradient, in gray levels (Canny 1986,
            doi 10.1109/TPAMI.1986.4767851).
        """
        key = (low, high)
        if key not in self._edges:
            self._edges[key] = _frozen(cv2.Canny(self.gray, low, high))
        return self._edges[key]


def _frozen(array: Any) -> NDArray[np.uint8]:
    return sealed(np.asarray(array, dtype=np.uint8))
