"""Median filter."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import Field, Params, Preprocessor, RGBImage
from leukokit.plugins._shared.window import OddSide


class MedianParams(Params):
    """Parameters of the median filter."""

    size: OddSide = Field(3, ge=3, le=255, description="Side of the square window, in px; odd.")


class Median(Preprocessor):
    """Replaces each value by the median of its window, channel by channel; borders are replicated.

    The window is in px. To smooth images of several cameras equally, resample them to one scale first, with
    the preprocessor ``rescale``.

    Notes
    -----
    The paper's denoising step is the 3 x 3 window (section 3).
    """

    Params = MedianParams
    params: MedianParams
    cheap = True

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Filter one image, uint8 H x W x 3."""
        return np.asarray(cv2.medianBlur(image, self.params.size), dtype=np.uint8)
