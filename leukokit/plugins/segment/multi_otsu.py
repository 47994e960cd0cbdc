"""Two-level Otsu thresholds on green and saturation, after a white balance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    SCALE_BAR,
    Field,
    LabelImage,
    Labels,
    RGBImage,
    Scale,
    ScaledSegmenter,
)
from leukokit.api.smear import (
    histogram,
    measure_scale,
    median_level,
    two_level_otsu,
    two_shades,
    void_mask,
    white_balance,
    without_void,
)
from leukokit.plugins._shared.burned_in import find_scale_bars
from leukokit.plugins._shared.window import OddSide
from leukokit.plugins.segment._basins import histograms, split_at_necks
from leukokit.plugins.segment._labels import (
    CellParams,
    clean,
    empty_labels,
    grow_labels,
    labels_of_cells,
    opened,
    require_size,
    with_status_checked,
)
from leukokit.plugins.segment._rescale import at_reference, to_native
from leukokit.plugins.segment.smear.learn_color import WHITE_DISTANCE, distance_from_red_cells
from leukokit.plugins.segment.smear.nuclei import WHITE_SCORE
from leukokit.plugins.segment.smear.red_color import ColorDistance
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits
from leukokit.plugins.segment.smear.stains import measure_stains

_Plane = NDArray[np.uint8]

# Fewest red cells whose color is learned, and smallest confidence of their scale: 5 % of bccd and all of
# wbc-masks have less.
_MIN_RED_CELLS, _MIN_CONFIDENCE = 4, 0.3


class MultiOtsuParams(CellParams):
    """Parameters of :class:`MultiOtsu`."""

    white_percentile: float = Field(
        80.0, gt=0.0, le=100.0, description="Percentile of each channel that is the empty background, in %."
    )
    white_level: int = Field(
        235, ge=1, le=255, description="Gray level that this percentile is scaled to, 1..255."
    )
    median: OddSide = Field(
        3,
        ge=1,
        le=15,
        description="Side of the median filter's window, in px at the reference scale; odd, 1 for none.",
    )
    min_redness: int = Field(
        10,
        ge=-255,
        le=255,
        description=(
            "Where the image has no red cells to compare with, a pixel is purple if red minus green is at "
            "least this, in gray levels; -255 accepts any color."
        ),
    )
    blue_saturation: int = Field(
        130,
        ge=0,
        le=255,
        description="Without red cells, a pixel is also purple if its saturation is at least this; 0..255.",
    )
    crowded_share: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description=(
            "If foreground that is not purple covers more than this fraction of the image, it counts as red "
            "cells instead of cytoplasm; 1 disables this."
        ),
    )
    rim: int = Field(
        1,
        ge=0,
        le=50,
        description=("Among red cells: width of the rim added to cells, in px at the reference scale."),
    )
    pale_contrast: float = Field(
        0.4,
        ge=0.0,
        le=1.0,
        description=(
            "Among red cells: a cell whose two shades differ by less than this fraction of the darker one "
            "is all nucleus; 0 uses the threshold of the whole image."
        ),
    )
    pale_limit: float = Field(
        0.65,
        ge=0.0,
        le=1.0,
        description="Smallest mean stain of such a cell, as a fraction of the nucleus threshold.",
    )
    smooth: int = Field(
        2, ge=0, le=20, description="Radius of the opening that smooths cells, in px at the reference scale."
    )
    scale_bar: bool = Field(False, description="Also label the burned-in scale bar, as role scale_bar.")


class MultiOtsu(ScaledSegmenter):
    """Segment white cells by two-level Otsu thresholds after a white balance.

    Each channel is scaled so that its 80th percentile, the empty background, becomes 235. Two Otsu thresholds
    (doi 10.1109/TSMC.1979.4310076) divide ``255 - G`` and ``(S + 255 - G) / 2`` into background, cytoplasm
    and nucleus: cells are above the lower threshold of the first plane, nuclei above the upper threshold of
    the second.

    In crops of one white cell that is the whole method. In fields with red cells, which are as dark as
    cytoplasm, there are two further steps. White cells are separated from red cells by the color of the
    image's own red cells, or by purple (red above green, or saturated) where no red cell can be measured; red
    cells are left out of the histogram of the upper threshold. And where red cells cover more than
    ``crowded_share`` of the image (at most 7 % in wbc-masks, 12 % and more in 99 % of all-pbs), cells consist
    of the other foreground and a rim, and a cell of one shade counts as all nucleus, as lymphoblasts nearly
    are.

    Cells at the border are dropped by default, as in the paper, so that areas and shapes are of whole cells.
    On every 8th image of all-pbs this drops 26 % of the cells, and at least one cell remains in each image
    that has cells. Crops of single cells need ``border: keep``.

    On the 300 cells of wbc-masks, ``border: keep``: mean Dice .955 nucleus, .975 cell.
    """

    Params = MultiOtsuParams
    params: MultiOtsuParams
    checks_nuclei = True
    revision = 4  # noise has no scale bar; the image's own red cells, no cell without stain

    def __init__(self, params: MultiOtsuParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.reference_red_cell_px is not None

    def roles(self) -> tuple[str, ...]:
        """``nucleus`` and ``cell``, and ``red_cell`` and ``scale_bar`` where enabled."""
        p = self.params
        return (NUCLEUS, CELL, *((RED_CELL,) if p.red_cells else ()), *((SCALE_BAR,) if p.scale_bar else ()))

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
            ``no_cell`` where the image has fewer than three gray levels or nothing purple and dark;
            ``implausible`` where nuclei are not stained like nuclei. A scale bar is labeled by its box and
            does not change the other roles: pixels of the bar may also be labeled as a cell.

        Raises
        ------
        ImageRejected
            ``too_small``.
        """
        require_size(image)
        void = void_mask(image)
        glass = without_void(image, void)
        working, red_cells = self._to_reference_scale(glass, scale)
        labels = with_status_checked(self._cells(working, red_cells), working)
        labels = to_native(labels, image.shape, void)
        if not self.params.scale_bar:
            return labels
        return replace(labels, roles={**labels.roles, SCALE_BAR: scale_bars(image)})

    def _to_reference_scale(
        self, image: RGBImage, scale: Scale | None
    ) -> tuple[RGBImage, ColorDistance | None]:
        """Resample an image to the reference scale, and compare its pixels with the color of its red cells.

        Compared only where several red cells were measured: in crops of one cell a round object may be the
        nucleus.
        """
        reference = self.params.reference_red_cell_px
        if reference is None or (scale is not None and not scale.known):
            return image, None
        estimate = measure_scale(image, scale)
        working = at_reference(image, estimate.scale, reference)
        confident = working.scale.known and working.scale.confidence >= _MIN_CONFIDENCE
        if not confident or len(estimate.circles) < _MIN_RED_CELLS:
            return working.image, None
        stains = measure_stains(working.image, working.scale.red_cell_px)
        if stains is None:
            return working.image, None
        units = RedCellUnits(working.scale.red_cell_px)
        circles = estimate.circles * (units.diameter / estimate.scale.red_cell_px)
        return working.image, distance_from_red_cells(stains, circles, units)

    def _cells(self, image: RGBImage, red_cells: ColorDistance | None) -> Labels:
        p = self.params
        smooth = image if p.median == 1 else _plane(cv2.medianBlur(image, p.median))
        red, green, blue = white_balance(smooth, p.white_percentile, p.white_level)
        hsv = cv2.cvtColor(cv2.merge((red, green, blue)), cv2.COLOR_RGB2HSV)
        saturation = _plane(cv2.extractChannel(hsv, 1))
        darkness = _plane(cv2.bitwise_not(green))
        stain = _plane(cv2.addWeighted(saturation, 0.5, darkness, 0.5, 0.0))

        levels = two_level_otsu(histogram(darkness))
        if levels is None:
            return empty_labels(image, self.roles())
        foreground = darkness > levels[0]
        if red_cells is None:
            not_red = saturation >= p.blue_saturation
            not_red |= cv2.subtract(red, green, dtype=cv2.CV_16S) >= p.min_redness
        else:
            not_red = red_cells.beyond(WHITE_DISTANCE) & red_cells.toward_nuclei(WHITE_SCORE)
        red_foreground = foreground & ~not_red
        white = foreground & not_red
        levels = two_level_otsu(histogram(stain, ~red_foreground))
        if levels is None:
            return empty_labels(image, self.roles())

        if np.count_nonzero(red_foreground) <= p.crowded_share * red_foreground.size:
            nucleus = white & (stain > levels[1])
            cell = opened(clean(foreground, max_hole=p.max_hole_area), p.smooth)
            parts = split_at_necks(cell, p.neck)
        else:
            mask = opened(clean(white, max_hole=p.max_hole_area), p.smooth)
            parts = split_at_necks(mask, p.neck)
            background = median_level(histogram(stain, ~foreground))
            thresholds = self._thresholds(histograms(parts, stain), background, levels[1])
            nucleus = stain > thresholds.take(parts)
            parts = grow_labels(parts, p.rim, foreground)
        return labels_of_cells(nucleus, parts, p, red=red_foreground)

    def _thresholds(self, counts: NDArray[np.int64], background: float, high: int) -> NDArray[np.uint8]:
        """Threshold of nuclei by cell: cells of one shade are all nucleus, others as in the whole image."""
        p = self.params
        light, dark = two_shades(counts).T
        mean = counts @ _LEVELS / np.maximum(counts.sum(axis=1), 1)
        one_shade = dark - light < p.pale_contrast * (dark - background)
        # The edge of a blurred step is half way between background and cell.
        edge = np.minimum(high, ((background + mean) / 2).astype(np.int64))
        thresholds = np.where(one_shade & (mean >= p.pale_limit * high), edge, high)
        thresholds[0] = 255
        return thresholds.astype(np.uint8)


_LEVELS = np.arange(256, dtype=np.float64)
_LEVELS.setflags(write=False)


def scale_bars(image: RGBImage) -> LabelImage:
    """Label the boxes of burned-in scale bars and their labels, int32 H x W, from top to bottom."""
    labels = np.zeros(image.shape[:2], np.int32)
    number = 0
    for overlay in find_scale_bars(image):
        free = labels[overlay.box] == 0
        number += bool(free.any())
        labels[overlay.box][free] = number
    return labels


def _plane(array: Any) -> _Plane:
    return np.asarray(array, dtype=np.uint8)
