"""White cells on smears of any lab and magnification: the image's red cells give lengths and colors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from leukokit.api import (
    CELL,
    NUCLEUS,
    PLATELET,
    RED_CELL,
    SCALE_BAR,
    Field,
    LabelImage,
    Labels,
    Mask,
    Params,
    RGBImage,
    Scale,
    ScaledSegmenter,
    Status,
)
from leukokit.api.smear import ScaleEstimate, measure_scale, plausible_nuclei, void_mask, without_void
from leukokit.plugins.segment._basins import measure, renumber
from leukokit.plugins.segment._labels import empty_labels, require_size
from leukokit.plugins.segment._rescale import with_matching_ids
from leukokit.plugins.segment.multi_otsu import scale_bars
from leukokit.plugins.segment.smear.cells import (
    cytoplasm_pixels,
    find_cells,
    isolated_cells,
    reach,
    shows_only_white_cells,
)
from leukokit.plugins.segment.smear.learn_color import (
    distance_from_far_foreground,
    distance_from_red_cells,
    distance_to,
)
from leukokit.plugins.segment.smear.nuclei import find_nuclei, typical_nucleus_radius, white_cell_foreground
from leukokit.plugins.segment.smear.nucleus_checks import with_clear_outline, with_nuclear_stain
from leukokit.plugins.segment.smear.other_cells import platelets, red_cells
from leukokit.plugins.segment.smear.red_color import ColorDistance
from leukokit.plugins.segment.smear.scaled_image import ScaledImage, at_reference_scale, to_grid
from leukokit.plugins.segment.smear.shape import round_cells
from leukokit.plugins.segment.smear.stains import Stains, measure_stains, shows_no_glass

_MIN_CONFIDENCE = 0.2  # of a scale measured on red cells
# A scale estimated from nuclei may be 1.5 times too large, so the smallest area is multiplied by this.
_NUCLEUS_SCALE_FACTOR = 0.5
# Much foreground and no red cell in it: noise, or a crop of one cell. The ratio of gradients is 2.6 or more
# for nuclei in such crops, also at half the size, and 1.6 at most for noise.
_HIGH_COVERAGE, _STRICT_FACTOR = 0.4, 1.25  # share of the image; factor of the parameter ``evidence``
_BLACKEST = 14  # of 255 in the brightest channel: black, in images with black areas


class SmearCellsParams(Params):
    """Parameters of :class:`SmearCells`."""

    min_nucleus: float = Field(
        0.28,
        gt=0.0,
        le=10.0,
        description=(
            "Smallest area of a cell's nucleus, all lobes together, as a fraction of a red cell's area; half "
            "of that at the border. Use 0.08 for crops of single cells, where nothing else is stained."
        ),
    )
    reach: float = Field(
        0.95,
        gt=0.0,
        le=5.0,
        description="Largest width of the cytoplasm around a nucleus, in red-cell diameters.",
    )
    neck: float = Field(
        0.85,
        ge=0.0,
        le=1.0,
        description=(
            "Touching cells are split where the neck between them is narrower than this fraction of the "
            "smaller cell's width, 0..1; 0 never splits."
        ),
    )
    evidence: float = Field(
        2.0,
        ge=0.0,
        description=(
            "Smallest ratio of the gradient on the outlines of nuclei to the image's median gradient. "
            "Thresholded noise has 1, nearly all smears have 3 or more; 0 accepts everything."
        ),
    )
    border: Literal["keep", "clear"] = Field(
        "clear",
        description=(
            "Cells that touch the image border: `clear` drops them, as in the paper (so areas and shapes are "
            "of whole cells); `keep` keeps them (for crops of single cells)."
        ),
    )
    red_cells: bool = Field(False, description="Also label red cells, as role red_cell.")
    platelets: bool = Field(False, description="Also label platelets, as role platelet.")
    scale_bar: bool = Field(False, description="Also label the burned-in scale bar, as role scale_bar.")


class SmearCells(ScaledSegmenter):
    """Segment white cells with the image's red cells as reference of length and color.

    Red cells of every smear measure 7 to 8 um. All lengths and areas are given in red-cell diameters and
    areas, and images are resampled so that a red cell measures 16 to 40 px. Red cells are also the color
    reference: their median color and its covariance are learned in each image, and white cells are the
    foreground that differs from it in the direction of the darkest pixels. So the same parameters work at
    other magnifications, and with other stains and cameras.

    Nuclei are the darkest of three classes (Otsu, doi 10.1109/TSMC.1979.4310076) of the pixels of white cells
    and glass. A cell whose two shades hardly differ is taken as all nucleus, as lymphoblasts nearly are.
    Cytoplasm is the foreground around nuclei that differs from the red cells' color; touching cells are split
    at their necks. The outlines of nuclei must be steep compared with the image's median gradient, which
    those of thresholded noise are not.

    Without red cells, as in crops of one white cell, the scale is estimated from the size of the nuclei (20
    to 60 % off). All foreground then belongs to cells if nearly all of it is connected to a nucleus.

    Measured with ``border: keep``: median Dice on the 300 cells of wbc-masks .971 nucleus, .982 cell; the
    number of white cells is exact on 80 of 80 images of pbc-boxes and 356 of 364 of bccd.
    """

    Params = SmearCellsParams
    params: SmearCellsParams
    checks_nuclei = True
    revision = 2

    def roles(self) -> tuple[str, ...]:
        """``nucleus``, ``cell``, and ``red_cell``, ``platelet`` and ``scale_bar`` where enabled."""
        p = self.params
        optional = ((RED_CELL, p.red_cells), (PLATELET, p.platelets), (SCALE_BAR, p.scale_bar))
        return (NUCLEUS, CELL, *(role for role, wanted in optional if wanted))

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
            Scale of ``image``; measured on its red cells where omitted or not known.

        Returns
        -------
        Labels
            ``no_cell`` where nothing is stained, or no stained object has the outline of a nucleus;
            ``implausible`` where nuclei are not stained like nuclei. Black areas are never labeled.

        Raises
        ------
        ImageRejected
            ``too_small``.
        """
        require_size(image)
        labels = self._cells(image, scale)
        if not self.params.scale_bar:
            return labels
        return replace(labels, roles={**labels.roles, SCALE_BAR: scale_bars(image)})

    def _cells(self, image: RGBImage, scale: Scale | None) -> Labels:
        void = void_mask(image)
        glass = without_void(image, void)
        estimate = measure_scale(glass, scale if scale is not None and scale.known else None)
        if not estimate.scale.red_cell_px > 0:
            return empty_labels(image, self.roles())
        scaled = at_reference_scale(glass, void, estimate.scale.red_cell_px)
        stains = measure_stains(scaled.pixels, scaled.units.diameter)
        if stains is None:
            return empty_labels(image, self.roles())
        candidates = self._find(scaled, stains, estimate)
        return self._labels(image, scaled, stains, candidates)

    def _find(self, scaled: ScaledImage, stains: Stains, estimate: ScaleEstimate) -> _Candidates:
        p, units = self.params, scaled.units
        # In an image cut out along its cells everything is white cell, also where it looks like red cells.
        cut_out = scaled.void is not None and shows_no_glass(stains, scaled.void)
        scale_known = estimate.scale.known and estimate.scale.confidence >= _MIN_CONFIDENCE and not cut_out
        color_distance = (
            distance_from_red_cells(stains, estimate.circles * scaled.factor, units) if scale_known else None
        )
        white = white_cell_foreground(stains, color_distance)
        per_object = cut_out or color_distance is not None
        nucleus = find_nuclei(stains, white, units, p.neck, per_object=per_object, cut_out=cut_out)
        radius = typical_nucleus_radius(nucleus, units)
        if radius == 0.0:
            return _Candidates(nucleus, white, np.zeros(nucleus.shape, np.int32), color_distance, scale_known)

        distance = distance_to(nucleus)
        max_reach = reach(radius, p.reach, units)
        near = distance <= max_reach
        if color_distance is None:
            if shows_only_white_cells(stains, nucleus, units):
                near = np.ones_like(near)
            else:
                color_distance = distance_from_far_foreground(distance, max_reach, stains, units)
        if color_distance is None:
            cytoplasm = near & stains.foreground
        else:
            cytoplasm = near & (
                cytoplasm_pixels(stains, color_distance) | isolated_cells(stains, nucleus, units)
            )
        if scaled.void is not None:
            nucleus, cytoplasm = nucleus & ~scaled.void, cytoplasm & ~scaled.void
        parts = find_cells(nucleus, cytoplasm, radius, units, p.neck)
        parts = round_cells(parts, nucleus, stains.pale, units)
        return _Candidates(nucleus, white, parts, color_distance, scale_known)

    def _labels(
        self, image: RGBImage, scaled: ScaledImage, stains: Stains, candidates: _Candidates
    ) -> Labels:
        p, units, shape = self.params, scaled.units, image.shape[:2]
        _, areas, at_border = measure(candidates.parts, candidates.nucleus)
        min_area = units.area(
            p.min_nucleus if candidates.scale_known else _NUCLEUS_SCALE_FACTOR * p.min_nucleus
        )
        cells = areas >= np.where(at_border, 0.5 * min_area, min_area)
        uncertain = (
            not candidates.scale_known and scaled.void is None and np.mean(stains.foreground) > _HIGH_COVERAGE
        )
        ratio = _STRICT_FACTOR * p.evidence if uncertain else p.evidence
        cells &= with_clear_outline(scaled, candidates.nucleus, candidates.parts, ratio)
        cells[0] = False
        if candidates.color_distance is not None:
            cells &= with_nuclear_stain(
                stains, candidates.color_distance, candidates.nucleus, candidates.parts, cells
            )
        clear = p.border == "clear"
        kept = cells & ~at_border if clear else cells

        parts = renumber(candidates.parts, kept)
        cell = to_grid(parts, shape)
        roles = {NUCLEUS: to_grid(parts, shape, candidates.nucleus & (parts > 0)), CELL: cell}
        if p.red_cells or p.platelets:
            white_cells = cells.take(candidates.parts)
        if p.red_cells:
            red = red_cells(stains.pale, candidates.white, white_cells, units, p.neck, clear_border=clear)
            roles[RED_CELL] = np.where(cell > 0, 0, to_grid(red, shape))
        if p.platelets:
            small = platelets(
                candidates.white, white_cells, candidates.color_distance, units, clear_border=clear
            )
            roles[PLATELET] = np.where(cell > 0, 0, to_grid(small, shape))
        if scaled.void is not None:
            glass = ~_black(image)
            roles = {role: labels * glass for role, labels in roles.items()}
        if not kept.any():
            status = Status.ALL_TOUCH_BORDER if cells.any() else Status.NO_CELL
        else:
            plausible = plausible_nuclei(scaled.pixels, parts * candidates.nucleus, parts)
            status = Status.OK if plausible else Status.IMPLAUSIBLE
        # On the image's grid a white cell or a black area may cover a small object completely.
        return with_matching_ids(Labels(roles, status))


def _black(image: RGBImage) -> Mask:
    """Pixels that are black in all channels; numpy.max along the channels takes 20 times as long."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue) <= _BLACKEST, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Candidates for cells, before they are checked.

    Attributes
    ----------
    nucleus, white : bool arrays, h x w
        Nuclei; foreground that differs from the red cells' color.
    parts : int32 array, h x w
        Whole cells, ids 1..n.
    color_distance : ColorDistance or None
        From the red cells' color, where that was learned.
    scale_known : bool
        Whether the scale was given or measured on red cells.
    """

    nucleus: Mask
    white: Mask
    parts: LabelImage
    color_distance: ColorDistance | None
    scale_known: bool
