"""Thresholds in HSV, as used by the collectors of the data set."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from leukokit.api import CELL, NUCLEUS, RED_CELL, Field, Labels, Mask, RGBImage, Scale, ScaledSegmenter
from leukokit.api.smear import histogram, two_level_otsu, void_mask, without_void
from leukokit.plugins.segment._basins import split_at_necks
from leukokit.plugins.segment._labels import (
    CellParams,
    clean,
    closed,
    dilated,
    labels_of_cells,
    opened,
    require_size,
    with_status_checked,
)
from leukokit.plugins.segment._rescale import at_reference, to_native


class HsvThresholdParams(CellParams):
    """Parameters of :class:`HsvThreshold`. Hue is OpenCV's, half the angle: 0..179."""

    hue_low: int = Field(120, ge=0, le=179, description="Lowest hue of nuclei, 0..179 (240 degrees / 2).")
    hue_high: int = Field(
        132,
        ge=0,
        le=179,
        description="Highest hue of nuclei, 0..179; if below hue_low, the range wraps around at red.",
    )
    saturation_low: int = Field(48, ge=0, le=255, description="Lowest saturation of nuclei, 0..255.")
    saturation_high: int = Field(255, ge=0, le=255, description="Highest saturation of nuclei, 0..255.")
    value_low: int = Field(100, ge=0, le=255, description="Lowest value (brightness) of nuclei, 0..255.")
    value_high: int = Field(255, ge=0, le=255, description="Highest value (brightness) of nuclei, 0..255.")
    cell_hue_low: int = Field(118, ge=0, le=179, description="Lowest hue of cytoplasm, 0..179.")
    cell_hue_high: int = Field(
        160,
        ge=0,
        le=179,
        description="Highest hue of cytoplasm, 0..179; if below cell_hue_low, the range wraps around at red.",
    )
    cell_saturation_low: int = Field(40, ge=0, le=255, description="Lowest saturation of cytoplasm, 0..255.")
    reach: int = Field(
        6,
        ge=0,
        le=100,
        description="Largest width of the cytoplasm around a nucleus, in px at the reference scale.",
    )
    close: int = Field(
        2,
        ge=0,
        le=20,
        description="Radius of the closing that closes gaps in nuclei, in px at the reference scale.",
    )
    smooth: int = Field(
        2, ge=0, le=20, description="Radius of the opening that smooths cells, in px at the reference scale."
    )

    @model_validator(mode="after")
    def _ranges_are_not_empty(self) -> HsvThresholdParams:
        for low, high in (("saturation_low", "saturation_high"), ("value_low", "value_high")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} is above {high}, so no pixel can match; swap them")
        return self


class HsvThreshold(ScaledSegmenter):
    """Segment nuclei by a range of hue and saturation, and cytoplasm by a wider range close to nuclei.

    The collectors of the data set (doi 10.34740/KAGGLE/DSV/2175623) published images segmented in HSV,
    without the thresholds. Hue 120..132 and saturation from 48 agree best with their images: intersection
    over union of all pixels .86 on every 12th of the 3256 images. Value has hardly any effect.

    These thresholds leak the class: nuclei of Pro are more pink. On every 8th image of all-pbs, no cell is
    found in half of the images of Pro and in none of the other classes, so a classifier can read the class
    from missing cells. ``hue_high: 160`` finds 4.9 whole cells per image of Pro instead of 0.7. Absolute hues
    do not transfer to other stains: on wbc-masks no cell is found in 267 of 300 images.
    """

    Params = HsvThresholdParams
    params: HsvThresholdParams
    checks_nuclei = True
    revision = 3  # scale, black, plausibility; no cell without stain

    def __init__(self, params: HsvThresholdParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.reference_red_cell_px is not None

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` where enabled."""
        return (NUCLEUS, CELL, RED_CELL) if self.params.red_cells else (NUCLEUS, CELL)

    def clears_border(self) -> bool:
        """Say whether ``border`` is ``clear``."""
        return self.params.border == "clear"

    def segment(
        self,
        image: RGBImage,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
        scale: Scale | None = None,
    ) -> Labels:
        """Segment one image.

        Parameters
        ----------
        image : uint8 array, H x W x 3
            16 px or more on each side.
        rng : numpy Generator, optional
            Not used: nothing is drawn.
        scale : Scale, optional
            Scale of ``image``; measured on its red cells where omitted.

        Returns
        -------
        Labels
            ``no_cell`` where no object in range is large enough; ``implausible`` where nuclei are not stained
            like nuclei.

        Raises
        ------
        ImageRejected
            ``too_small``.
        """
        require_size(image)
        void = void_mask(image)
        working = at_reference(without_void(image, void), scale, self.params.reference_red_cell_px).image
        return to_native(with_status_checked(self._segment(working), working), image.shape, void)

    def _segment(self, image: RGBImage) -> Labels:
        p = self.params
        hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), dtype=np.uint8)
        nucleus = in_range(
            hsv, (p.hue_low, p.hue_high), (p.saturation_low, p.saturation_high), (p.value_low, p.value_high)
        )
        nucleus = closed(nucleus, p.close)
        nucleus = opened(clean(nucleus, max_hole=p.max_hole_area, min_area=p.min_lobe_area), p.smooth)
        tinted = in_range(hsv, (p.cell_hue_low, p.cell_hue_high), (p.cell_saturation_low, 255), (0, 255))
        cell = nucleus | (tinted & dilated(nucleus, p.reach))
        cell = opened(clean(cell, max_hole=p.max_hole_area), p.smooth)
        parts = split_at_necks(cell | nucleus, p.neck)
        return labels_of_cells(nucleus, parts, p, red=_dark(image) & ~tinted if p.red_cells else None)


def in_range(
    hsv: NDArray[np.uint8], hue: tuple[int, int], saturation: tuple[int, int], value: tuple[int, int]
) -> Mask:
    """Pixels with all channels in closed ranges; a hue range may wrap around at red."""
    lowest, highest = (saturation[0], value[0]), (saturation[1], value[1])
    ranges = [hue] if hue[0] <= hue[1] else [(hue[0], 179), (0, hue[1])]
    in_any_range = np.zeros(hsv.shape[:2], np.bool_)
    for low, high in ranges:
        in_any_range |= np.asarray(cv2.inRange(hsv, (low, *lowest), (high, *highest))) > 0
    return in_any_range


def _dark(image: RGBImage) -> Mask:
    """Pixels darker than the background in green, by the lower of two Otsu thresholds."""
    darkness = np.asarray(cv2.bitwise_not(image[..., 1]), dtype=np.uint8)
    levels = two_level_otsu(histogram(darkness))
    return np.zeros(darkness.shape, np.bool_) if levels is None else darkness > levels[0]
