"""From masks to label images: what the threshold segmenters share."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    Field,
    ImageRejected,
    LabelImage,
    Labels,
    Mask,
    Params,
    RGBImage,
    Status,
)
from leukokit.api.smear import plausible_nuclei, stain_contrast
from leukokit.plugins.segment._basins import measure, renumber, split_at_necks

MIN_SIDE = 16
"""Side of the smallest image that is segmented, in px."""


class CellParams(Params):
    """How masks become cells, whatever the method that made the masks."""

    reference_red_cell_px: float | None = Field(
        19.0,
        gt=0.0,
        description=(
            "Diameter of a red cell for which the lengths and areas below are meant, in px: that of all-pbs. "
            "Where the scale of an image is known and more than 15 % off, it is segmented at this scale, and "
            "labels come back on its own grid; null never resamples."
        ),
    )
    neck: float = Field(
        0.85,
        ge=0.0,
        le=1.0,
        description=(
            "Touching cells are split where the neck is narrower than this share of the smaller one's width, "
            "0..1; 0 never splits."
        ),
    )
    min_nucleus_area: int = Field(
        60, ge=1, description="A cell needs this much nucleus, all lobes together, in px."
    )
    min_cell_area: int = Field(80, ge=1, description="Smaller cells are dropped, in px.")
    min_lobe_area: int = Field(40, ge=1, description="Smaller specks of nucleus are dropped, in px.")
    max_hole_area: int = Field(200, ge=0, description="Holes in cells up to this area are filled, in px.")
    max_nucleus_hole_area: int = Field(
        30,
        ge=0,
        description="Holes in nuclei up to this area are filled, in px; the rings of lobed nuclei stay open.",
    )
    border: Literal["keep", "clear"] = Field(
        "clear",
        description=(
            "Cells cut by the image border: clear them, as in the paper (areas and shapes are then of whole "
            "cells), or keep them (crops of single cells)."
        ),
    )
    red_cells: bool = Field(False, description="Also label red cells (role red_cell).")
    min_red_cell_area: int = Field(60, ge=1, description="Smaller red cells are dropped, in px.")


def require_size(image: RGBImage) -> None:
    """Refuse images with a side shorter than ``MIN_SIDE``.

    Raises
    ------
    ImageRejected
        ``too_small``.
    """
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise ImageRejected(
            "too_small", f"{width} x {height} px; segmentation needs {MIN_SIDE} x {MIN_SIDE} or more"
        )


def clean(mask: Mask, *, max_hole: int = 0, min_area: int = 0) -> Mask:
    """Fill small holes and drop small objects.

    Parameters
    ----------
    mask : bool array, H x W
    max_hole : int
        Holes of up to this many px are filled; what is open to the image border is no hole.
    min_area : int
        Objects (8 neighbors) of fewer px, all their holes counted in, are dropped.
    """
    cleaned = mask.astype(np.uint8)
    outlines, hierarchy = cv2.findContours(cleaned, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled, dropped = [], []
    for index, outline in enumerate(outlines):
        area, rim = cv2.contourArea(outline), len(outline)
        # Outlines run through pixel centers, that of a hole through the object's pixels around it: areas in
        # pixels follow from Pick's theorem, in a quarter of the time that connectedComponentsWithStats takes.
        if hierarchy[0, index, 3] >= 0:
            if area - rim / 2 + 1 <= max_hole:
                filled.append(outline)
        elif area + rim / 2 + 1 < min_area:
            dropped.append(outline)
    cv2.drawContours(cleaned, filled, -1, 1, cv2.FILLED)
    cv2.drawContours(cleaned, dropped, -1, 0, cv2.FILLED)
    return cleaned > 0


def disk(radius: int) -> NDArray[np.uint8]:
    """Structuring element of ``2 radius + 1`` px, uint8."""
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


def opened(mask: Mask, radius: int) -> Mask:
    """Open with a disk; 0 leaves the mask as it is."""
    if radius == 0:
        return mask
    result: Mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk(radius)) > 0
    return result


def closed(mask: Mask, radius: int) -> Mask:
    """Close with a disk; 0 leaves the mask as it is."""
    if radius == 0:
        return mask
    result: Mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disk(radius)) > 0
    return result


def grown(mask: Mask, radius: int) -> Mask:
    """Dilate with a disk; 0 leaves the mask as it is."""
    if radius == 0:
        return mask
    result: Mask = cv2.dilate(mask.astype(np.uint8), disk(radius)) > 0
    return result


def grow_labels(labels: LabelImage, radius: int, inside: Mask) -> LabelImage:
    """Grow labels by a disk into the background of ``inside``; where two meet, the higher id wins."""
    if radius == 0:
        return labels
    # OpenCV dilates float32, not int32; ids are exact up to 2^24.
    wider = cv2.dilate(labels.astype(np.float32), disk(radius)).astype(np.int32)
    return np.where((labels == 0) & inside, wider, labels)


def build_labels(nucleus: Mask, parts: LabelImage, params: CellParams, red: Mask | None = None) -> Labels:
    """Make label images with one id a cell from a nucleus mask and whatever may be a cell.

    The shape of the cell decides which lobes belong to one nucleus: all nucleus inside one part is one.

    Parameters
    ----------
    nucleus : bool array, H x W
        Pixels of nuclei; specks and holes are removed here.
    parts : int32 array, H x W
        Candidates for cells, touching ones apart, ids 1..n (:func:`split_at_necks`).
    params : CellParams
        Areas, splitting and border rule.
    red : bool array, H x W, optional
        Pixels that may be red cells; those of white cells, cleared ones too, are taken out.

    Returns
    -------
    Labels
        Ids 1..n in the order of the candidates.
    """
    nucleus = clean(nucleus, max_hole=params.max_nucleus_hole_area, min_area=params.min_lobe_area)
    areas, nucleus_areas, at_border = measure(parts, nucleus)
    found = (areas >= params.min_cell_area) & (nucleus_areas >= params.min_nucleus_area)
    kept = found & ~at_border if params.border == "clear" else found

    cells = renumber(parts, kept)
    roles = {NUCLEUS: cells * nucleus, CELL: cells}
    if params.red_cells:
        rest = np.zeros_like(nucleus) if red is None else red & ~found[parts]
        roles[RED_CELL] = _red_cells(rest, params)
    if kept.any():
        return Labels(roles, Status.OK)
    return Labels(roles, Status.ALL_TOUCH_BORDER if found.any() else Status.NO_CELL)


def judged(labels: Labels, image: RGBImage) -> Labels:
    """Ask of labels what no threshold asks: whether there is stain, and whether nuclei have that of nuclei.

    Noise on glass has darkest pixels too, and k-means finds clusters in it: 32 cells in one blank field, 322
    at three times its size. Of 969 photographs of four labs none is taken for blank.

    Parameters
    ----------
    labels : Labels
    image : uint8 array, H x W x 3
        The image that they are of, on the same grid.

    Returns
    -------
    Labels
        ``no_cell`` and empty where nothing is stained (see :func:`stain_contrast`), ``implausible`` where
        nuclei are not stained like nuclei; others as they are.
    """
    if labels.status is not Status.OK:
        return labels
    if not stain_contrast(image).stained:
        return no_cell(image, tuple(labels.roles))
    plausible = plausible_nuclei(image, labels.nucleus, labels.cell)
    return labels if plausible else replace(labels, status=Status.IMPLAUSIBLE)


def no_cell(image: RGBImage, roles: tuple[str, ...]) -> Labels:
    """Empty label images of the image's size, status ``no_cell``."""
    return Labels({role: np.zeros(image.shape[:2], np.int32) for role in roles}, Status.NO_CELL)


def _red_cells(mask: Mask, params: CellParams) -> LabelImage:
    # Opening takes away the rims that white cells leave; filling closes the central pallor.
    mask = opened(clean(mask, max_hole=params.max_hole_area), 2)
    parts = split_at_necks(mask, params.neck)
    areas, _, at_border = measure(parts, mask)
    kept = areas >= params.min_red_cell_area
    return renumber(parts, kept & ~at_border if params.border == "clear" else kept)
