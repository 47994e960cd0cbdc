"""Thresholds in HSV, the way the data set's collectors segmented."""

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
    build_labels,
    clean,
    closed,
    grown,
    judged,
    opened,
    require_size,
)
from leukokit.plugins.segment._rescale import at_reference, to_native


class HsvThresholdParams(CellParams):
    """Parameters of :class:`HsvThreshold`. Hue is OpenCV's, half the angle: 0..179."""

    hue_low: int = Field(120, ge=0, le=179, description="Lowest hue of nuclei, 0..179 (240 degrees / 2).")
    hue_high: int = Field(
        132,
        ge=0,
        le=179,
        description="Highest hue of nuclei, 0..179; below hue_low the range goes through red.",
    )
    saturation_low: int = Field(48, ge=0, le=255, description="Lowest saturation of nuclei, 0..255.")
    saturation_high: int = Field(255, ge=0, le=255, description="Highest saturation of nuclei, 0..255.")
    value_low: int = Field(100, ge=0, le=255, description="Lowest value (brightness) of nuclei, 0..255.")
    value_high: int = Field(255, ge=0, le=255, description="Highest value (brightness) of nuclei, 0..255.")
    cell_hue_low: int = Field(118, ge=0, le=179, description="Lowest hue of cytoplasm, 0..179.")
    cell_hue_high: int = Field(
        160, ge=0, le=179, description="Highest hue of cytoplasm, 0..179; below cell_hue_low through red."
    )
    cell_saturation_low: int = Field(40, ge=0, le=255, description="Lowest saturation of cytoplasm, 0..255.")
    reach: int = Field(6, ge=0, le=100, description="How far cytoplasm reaches from the nucleus, in px.")
    close: int = Field(2, ge=0, le=20, description="Radius of the closing that joins speckled nuclei, in px.")
    smooth: int = Field(2, ge=0, le=20, description="Radius of the opening that smooths cells, in px.")

    @model_validator(mode="after")
    def _ranges_are_not_empty(self) -> HsvThresholdParams:
        for low, high in (("saturation_low", "saturation_high"), ("value_low", "value_high")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} is above {high}, so no pixel can match; swap them")
        return self


class HsvThreshold(ScaledSegmenter):
    """Nuclei are purple: a range of hue, with enough saturation; cytoplasm is the tinted rest within reach.

    The collectors of the data set (doi 10.34740/KAGGLE/DSV/2175623) ship images segmented in HSV, without the
    numbers. Hue 120..132 and saturation from 48 are the values that agree best with their images:
    intersection over union of all pixels .86 on every 12th of the 3256. Value hardly matters.

    Beware of what their numbers do: nuclei of Pro are more pink. Of every 8th image of all-pbs, half of Pro
    has no cell, and none of the other classes; a classifier reads the class from that. ``hue_high: 160``
    finds 4.9 whole cells an image of Pro instead of 0.7. Absolute hues do not carry over to other stains: on
    wbc-masks nothing is found in 267 of 300.
    """

    Params = HsvThresholdParams
    params: HsvThresholdParams
    checks_nuclei = True
    revision = 3  # scale, black, plausibility, no cells in noise

    def __init__(self, params: HsvThresholdParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.reference_red_cell_px is not None

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` where asked for."""
        return (NUCLEUS, CELL, RED_CELL) if self.params.red_cells else (NUCLEUS, CELL)

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
            ``no_cell`` where no pixel, or too few together, are in range; ``implausible`` where nuclei are
            not stained like nuclei.

        Raises
        ------
        ImageRejected
            ``too_small``.
        """
        require_size(image)
        void = void_mask(image)
        working = at_reference(without_void(image, void), scale, self.params.reference_red_cell_px)
        return to_native(judged(self._segment(working), working), image.shape, void)

    def _segment(self, image: RGBImage) -> Labels:
        p = self.params
        hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), dtype=np.uint8)
        nucleus = in_range(
            hsv, (p.hue_low, p.hue_high), (p.saturation_low, p.saturation_high), (p.value_low, p.value_high)
        )
        nucleus = closed(nucleus, p.close)
        nucleus = opened(clean(nucleus, max_hole=p.max_hole_area, min_area=p.min_lobe_area), p.smooth)
        tinted = in_range(hsv, (p.cell_hue_low, p.cell_hue_high), (p.cell_saturation_low, 255), (0, 255))
        cell = nucleus | (tinted & grown(nucleus, p.reach))
        cell = opened(clean(cell, max_hole=p.max_hole_area), p.smooth)
        parts = split_at_necks(cell | nucleus, p.neck)
        return build_labels(nucleus, parts, p, red=_dark(image) & ~tinted if p.red_cells else None)


def in_range(
    hsv: NDArray[np.uint8], hue: tuple[int, int], saturation: tuple[int, int], value: tuple[int, int]
) -> Mask:
    """Pixels with all channels in closed ranges; a hue range that ends below its start goes through red."""
    lowest, highest = (saturation[0], value[0]), (saturation[1], value[1])
    ranges = [hue] if hue[0] <= hue[1] else [(hue[0], 179), (0, hue[1])]
    found = np.zeros(hsv.shape[:2], np.bool_)
    for low, high in ranges:
        found |= np.asarray(cv2.inRange(hsv, (low, *lowest), (high, *highest))) > 0
    return found


def _dark(image: RGBImage) -> Mask:
    """Everything darker than the background in green, by the lower of two Otsu thresholds."""
    darkness = np.asarray(cv2.bitwise_not(image[..., 1]), dtype=np.uint8)
    levels = two_level_otsu(histogram(darkness))
    return np.zeros(darkness.shape, np.bool_) if levels is None else darkness > levels[0]
