"""Hiding burned-in scale bars with their labels."""

from __future__ import annotations

from typing import Literal

import numpy as np

from leukokit.api import Field, Params, Preprocessor, RGBImage
from leukokit.plugins._shared.burned_in import BurnedInBar, find_scale_bars, painted_mask
from leukokit.plugins.preprocess._inpainting import fill_rectangle, inpaint_strokes


class HideScaleBarParams(Params):
    """Parameters of :class:`HideScaleBar`."""

    fill: Literal["texture", "smooth"] = Field(
        "texture",
        description=(
            "What replaces an opaque label: `texture` (the best-matching patch of background from the same "
            "image, free of nuclei) or `smooth` (colors interpolated from the label's edges)."
        ),
    )


class HideScaleBar(Preprocessor):
    """Finds burned-in scale bars with their labels and fills them with the surrounding background.

    Every image of the paper's data set has one, in one of five styles that correlate with the class. They are
    found by shape and color at any position: thin sharp-edged strokes in a line, black on an opaque white
    label or red on the smear. Tuned for fields of about 224 px, where strokes are 1 to 4 px wide.

    Notes
    -----
    An opaque label hides the smear. ``texture`` fills it with red cells and plasma from elsewhere in the
    image, which were not there; the boxes cover 0.6 % of the field (median; 2.7 % at most). Patches with
    nuclei are used only if the image has no others.

    The style can still be predicted to some degree. On paper_602020 a random forest predicts it from the
    corner of 48 x 32 px in 100 % of the test images before hiding, in 74 % after it, and in 64 to 69 % from
    corners that never had a bar. The class is predicted equally well from those corners as from this one,
    because of the stain.
    """

    Params = HideScaleBarParams
    params: HideScaleBarParams
    cheap = True
    revision = 2  # none in noise

    def detect(self, image: RGBImage) -> tuple[BurnedInBar, ...]:
        """Find the burned-in scale bars.

        Parameters
        ----------
        image : uint8 array, H x W x 3

        Returns
        -------
        tuple of BurnedInBar
            Boxes in px with their style, from top to bottom; empty where there is none.
        """
        return find_scale_bars(image)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Hide the bars of one image, uint8 H x W x 3; an image without any is returned unchanged."""
        bars = find_scale_bars(image)
        if not bars:
            return image
        masks = [painted_mask(image, bar) for bar in bars]
        excluded = np.bitwise_or.reduce(masks)
        painted = image.copy()
        for bar, mask in zip(bars, masks, strict=True):
            if bar.style == "ink":
                inpaint_strokes(painted, mask)
            else:
                fill_rectangle(painted, bar.box, excluded, texture=self.params.fill == "texture")
        return painted
