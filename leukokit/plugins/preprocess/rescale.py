"""Resampling of all images to one scale."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from leukokit.api import RED_CELL_UM, Field, Params, RGBImage, Scale, ScaledPreprocessor, note
from leukokit.api.smear import estimate_scale, rescaled

RED_CELL_PX = 24.0


class RescaleParams(Params):
    """Parameters of :class:`Rescale`; at most one of the two, red cells of 24 px where neither is given."""

    red_cell_px: float | None = Field(
        None, ge=4, le=500, description="Diameter of a red cell in the result, in px; 24 where not given."
    )
    pixel_size_um: float | None = Field(
        None, gt=0, le=2, description="Width of a pixel in the result, in um, in place of `red_cell_px`."
    )

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if self.red_cell_px is not None and self.pixel_size_um is not None:
            raise ValueError(
                f"red_cell_px ({self.red_cell_px:g}) and pixel_size_um ({self.pixel_size_um:g}) both say the "
                f"scale of the result: give one (a red cell is {RED_CELL_UM:g} um wide)"
            )
        return self


class Rescale(ScaledPreprocessor):
    """Resamples every image to one scale, so that a px is the same length in all of them.

    Later steps with lengths in px (the radii of ``lbp``, the distances of ``haralick``, the cells of ``hog``,
    the window of ``median``) then measure the same structures in images of all cameras. Images are shrunk by
    averaging over areas and enlarged by cubic interpolation, which adds no detail that the camera did not
    resolve.

    An image of unknown scale is returned unchanged, with a note; a rough estimate from its nuclei counts as
    unknown. In a run the scale comes from the recipe's ``data.scale``; in a call without ``scale`` it is
    measured on the red cells of the image. An image that would become more than 8 times as wide, or larger
    than 2^26 px, is rejected as ``too_large``; one that would be shrunk to less than 16 px a side, as
    ``too_small``.
    """

    Params = RescaleParams
    params: RescaleParams
    keeps_shape = False
    cheap = True

    def apply(
        self,
        image: RGBImage,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
        scale: Scale | None = None,
    ) -> RGBImage:
        """Rescale one image, uint8 H x W x 3.

        Raises
        ------
        ImageRejected
            ``too_large`` or ``too_small``: the scale is wrong, or the image is no field of view.
        """
        known_scale = estimate_scale(image) if scale is None else scale
        if not known_scale.known:
            note("the scale of the image is not known: passed unchanged")
            return image
        return rescaled(image, known_scale, self.red_cell_px)

    @property
    def red_cell_px(self) -> float:
        """Diameter of a red cell in the result, in px."""
        if self.params.pixel_size_um is not None:
            return RED_CELL_UM / self.params.pixel_size_um
        return self.params.red_cell_px or RED_CELL_PX
