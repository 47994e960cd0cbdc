"""Contrast-limited adaptive histogram equalization."""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import Field, Params, Preprocessor, RGBImage


class ClaheParams(Params):
    """Parameters of CLAHE."""

    clip_limit: float = Field(
        2.0,
        gt=0,
        le=1000,
        description="Highest count in a tile's histogram, in multiples of its mean; the excess is "
        "redistributed.",
    )
    tiles: int = Field(8, ge=1, le=64, description="Tiles along each side of the image.")


class Clahe(Preprocessor):
    """Equalizes lightness tile by tile with limited contrast; a and b of 8-bit Lab do not change.

    The size of a tile is a fraction of the image, so the number of cells per tile depends on magnification
    and field of view.

    Notes
    -----
    Zuiderveld 1994, Graphics Gems IV, p. 474 (doi 10.1016/B978-0-12-336156-1.50061-6). Defaults: the clip
    limit and tiles of the paper's notebooks (cytoplasm step).
    """

    Params = ClaheParams
    params: ClaheParams
    cheap = True

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Equalize one image, uint8 H x W x 3."""
        # OpenCV's CLAHE object keeps buffers between calls; a new object per call is thread-safe and takes 2
        # us.
        equalizer = cv2.createCLAHE(self.params.clip_limit, (self.params.tiles, self.params.tiles))
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
        lightness, a, b = cv2.split(lab)
        merged = cv2.merge((equalizer.apply(lightness), a, b))
        return np.asarray(cv2.cvtColor(merged, cv2.COLOR_LAB2RGB), dtype=np.uint8)
