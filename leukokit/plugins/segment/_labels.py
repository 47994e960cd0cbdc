"""From masks to label images: code that the threshold segmenters share."""

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
    """Parameters of the step from masks to cells, shared by the threshold segmenters."""

    reference_red_cell_px: float | None = Field(
        19.0,
        gt=0.0,
        le=1000,
        description=(
            "Diameter of a red cell at the reference scale, in px: the scale at which the lengths and areas "
            "below hold (that of all-pbs). An image whose scale is known and differs by more than 15 % is "
            "segmented at the reference scale, and its labels are resampled to its own grid; null never "
            "resamples."
        ),
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
    min_nucleus_area: int = Field(
        60,
        ge=1,
        le=10**8,
        description="Smallest area of a cell's nucleus, all lobes together, in px at the reference scale.",
    )
    min_cell_area: int = Field(
        80, ge=1, le=10**8, description="Smallest area of a cell, in px at the reference scale."
    )
    min_lobe_area: int = Field(
        40, ge=1, le=10**8, description="Smallest area of a nuclear lobe, in px at the reference scale."
    )
    max_hole_area: int = Field(
        200,
        ge=0,
        le=10**8,
        description="Largest hole in a cell that is filled, in px at the reference scale.",
    )
    max_nucleus_hole_area: int = Field(
        30,
        ge=0,
        le=10**8,
        description=(
            "Largest hole in a nucleus that is filled, in px at the reference scale; larger holes, as in "
            "ring-shaped nuclei, stay."
        ),
    )
    border: Literal["keep", "clear"] = Field(
        "clear",
        description=(
            "Cells that touch the image border: `clear` drops them, as in the paper (so areas and shapes are "
            "of whole cells); `keep` keeps them (for crops of single cells)."
        ),
    )
    red_cells: bool = Field(False, description="Also label red cells (role red_cell).")
    min_red_cell_area: int = Field(
        60, ge=1, le=10**8, description="Smallest area of a red cell, in px at the reference scale."
    )


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
        Holes of up to this many px are filled; background connected to the image border is no hole.
    min_area : int
        Objects (8-connected) of fewer px, including their holes, are dropped.
    """
    cleaned = mask.astype(np.uint8)
    outlines, hierarchy = cv2.findContours(cleaned, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled, dropped = [], []
    for index, outline in enumerate(outlines):
        area, rim = cv2.contourArea(outline), len(outline)
        # Outlines run through pixel centers; that of a hole runs through the object's pixels around it.
        # Pick's theorem gives areas in pixels, in a quarter of the time of connectedComponentsWithStats.
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


def dilated(mask: Mask, radius: int) -> Mask:
    """Dilate with a disk; 0 leaves the mask as it is."""
    if radius == 0:
        return mask
    result: Mask = cv2.dilate(mask.astype(np.uint8), disk(radius)) > 0
    return result


def grow_labels(labels: LabelImage, radius: int, inside: Mask) -> LabelImage:
    """Dilate labels by a disk into the background of ``inside``; where two overlap, the higher id is kept."""
    if radius == 0:
        return labels
    # OpenCV dilates float32, not int32; ids are exact up to 2^24.
    wider = cv2.dilate(labels.astype(np.float32), disk(radius)).astype(np.int32)
    return np.where((labels == 0) & inside, wider, labels)


def labels_of_cells(nucleus: Mask, parts: LabelImage, params: CellParams, red: Mask | None = None) -> Labels:
    """Make label images with one id per cell from a mask of nuclei and candidates for cells.

    All lobes inside one candidate belong to one nucleus.

    Parameters
    ----------
    nucleus : bool array, H x W
        Pixels of nuclei; specks and holes are removed here.
    parts : int32 array, H x W
        Candidates for cells, touching ones split, ids 1..n (:func:`split_at_necks`).
    params : CellParams
        Areas, splitting and border rule.
    red : bool array, H x W, optional
        Pixels that may be red cells; those of white cells, cleared ones included, are removed.

    Returns
    -------
    Labels
        Ids 1..n in the order of the candidates.
    """
    nucleus = clean(nucleus, max_hole=params.max_nucleus_hole_area, min_area=params.min_lobe_area)
    areas, nucleus_areas, at_border = measure(parts, nucleus)
    large_enough = (areas >= params.min_cell_area) & (nucleus_areas >= params.min_nucleus_area)
    kept = large_enough & ~at_border if params.border == "clear" else large_enough

    cells = renumber(parts, kept)
    roles = {NUCLEUS: cells * nucleus, CELL: cells}
    if params.red_cells:
        rest = np.zeros_like(nucleus) if red is None else red & ~large_enough[parts]
        roles[RED_CELL] = _red_cells(rest, params)
    if kept.any():
        return Labels(roles, Status.OK)
    return Labels(roles, Status.ALL_TOUCH_BORDER if large_enough.any() else Status.NO_CELL)


def with_status_checked(labels: Labels, image: RGBImage) -> Labels:
    """Set the status of labels in noise or bare glass, and of nuclei that are not stained like nuclei.

    Thresholds and clusters find something in every image. Where nothing is stained, empty labels are returned
    (``no_cell``); where the nuclei are not stained like nuclei, the labels are kept (``implausible``).

    Parameters
    ----------
    labels : Labels
    image : uint8 array, H x W x 3
        The segmented image, on the same grid.
    """
    if labels.status is Status.NO_CELL:
        return labels
    if not stain_contrast(image).stained:
        return empty_labels(image, tuple(labels.roles))
    if labels.status is Status.OK and not plausible_nuclei(image, labels.nucleus, labels.cell):
        return replace(labels, status=Status.IMPLAUSIBLE)
    return labels


def empty_labels(image: RGBImage, roles: tuple[str, ...]) -> Labels:
    """Empty label images of the image's size, status ``no_cell``."""
    return Labels({role: np.zeros(image.shape[:2], np.int32) for role in roles}, Status.NO_CELL)


def _red_cells(mask: Mask, params: CellParams) -> LabelImage:
    # The opening removes the rims that white cells leave; filling closes the central pallor.
    mask = opened(clean(mask, max_hole=params.max_hole_area), 2)
    parts = split_at_necks(mask, params.neck)
    areas, _, at_border = measure(parts, mask)
    kept = areas >= params.min_red_cell_area
    return renumber(parts, kept & ~at_border if params.border == "clear" else kept)
