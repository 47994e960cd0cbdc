"""From masks to label images: what the threshold segmenters share."""

from __future__ import annotations

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
from leukokit.plugins.segment._basins import split_at_necks

MIN_SIDE = 16
"""Side of the smallest image that is segmented, in px."""


class CellParams(Params):
    """How masks become cells, whatever the method that made the masks."""

    neck: float = Field(
        0.8,
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
    max_hole_area: int = Field(
        200, ge=0, description="Holes up to this area are filled in nuclei and cells, in px."
    )
    border: Literal["keep", "clear"] = Field(
        "keep",
        description=(
            "Cells cut by the image border: keep them, or clear them (areas and shapes are then of whole "
            "cells)."
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


def fill_holes(mask: Mask, max_area: int) -> Mask:
    """Fill holes of up to ``max_area`` px; a hole that meets the image border is none."""
    if max_area == 0:
        return mask
    filled = mask.astype(np.uint8)
    outlines, hierarchy = cv2.findContours(filled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for index, outline in enumerate(outlines):
        # The outline of a hole runs through the object's pixels around it, so the hole's pixel count
        # follows from Pick's theorem.
        is_hole = hierarchy[0, index, 3] >= 0
        if is_hole and cv2.contourArea(outline) - len(outline) / 2 + 1 <= max_area:
            cv2.drawContours(filled, outlines, index, 1, cv2.FILLED)
    return filled > 0


def drop_small(mask: Mask, min_area: int) -> Mask:
    """Drop connected objects (8 neighbors) below ``min_area`` px."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    keep[0] = False
    kept: Mask = keep[labels]
    return kept


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


def grown(mask: Mask, radius: int) -> Mask:
    """Dilate with a disk; 0 leaves the mask as it is."""
    if radius == 0:
        return mask
    result: Mask = cv2.dilate(mask.astype(np.uint8), disk(radius)) > 0
    return result


def build_labels(nucleus: Mask, cell: Mask, params: CellParams, red: Mask | None = None) -> Labels:
    """Make label images with one id a cell from a nucleus mask and a cell mask.

    The shape of the cell decides which lobes belong to one nucleus: touching cells are split at their necks,
    and all nucleus inside one part is one nucleus.

    Parameters
    ----------
    nucleus, cell : bool array, H x W
        Pixels of nuclei, and of white cells with their nuclei.
    params : CellParams
        Areas, splitting and border rule.
    red : bool array, H x W, optional
        Pixels that may be red cells; those of white cells, cleared ones too, are taken out.

    Returns
    -------
    Labels
        Ids 1..n in the order of the cells' first pixel, row by row.
    """
    cell = fill_holes(cell | nucleus, params.max_hole_area)
    nucleus = fill_holes(nucleus, params.max_hole_area)
    parts = split_at_necks(cell, params.neck)
    count = int(parts.max())
    areas = np.bincount(parts.ravel(), minlength=count + 1)
    nucleus_areas = np.bincount(parts[nucleus], minlength=count + 1)
    found = (areas >= params.min_cell_area) & (nucleus_areas >= params.min_nucleus_area)
    found[0] = False
    kept = found & ~_at_border(parts, count) if params.border == "clear" else found

    cells = _renumber(parts, kept)
    roles = {NUCLEUS: np.where(nucleus, cells, np.int32(0)), CELL: cells}
    if params.red_cells:
        rest = np.zeros_like(cell) if red is None else red & ~found[parts]
        roles[RED_CELL] = _red_cells(rest, params)
    if kept.any():
        return Labels(roles, Status.OK)
    return Labels(roles, Status.ALL_TOUCH_BORDER if found.any() else Status.NO_CELL)


def no_cell(image: RGBImage, roles: tuple[str, ...]) -> Labels:
    """Empty label images of the image's size, status ``no_cell``."""
    return Labels({role: np.zeros(image.shape[:2], np.int32) for role in roles}, Status.NO_CELL)


def _red_cells(mask: Mask, params: CellParams) -> LabelImage:
    # Opening takes away the rims that white cells leave; filling closes the central pallor.
    mask = opened(fill_holes(mask, params.max_hole_area), 2)
    parts = split_at_necks(mask, params.neck)
    count = int(parts.max())
    kept = np.bincount(parts.ravel(), minlength=count + 1) >= params.min_red_cell_area
    kept[0] = False
    if params.border == "clear":
        kept &= ~_at_border(parts, count)
    return _renumber(parts, kept)


def _at_border(parts: LabelImage, count: int) -> Mask:
    touching = np.zeros(count + 1, dtype=np.bool_)
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        touching[edge] = True
    return touching


def _renumber(parts: LabelImage, kept: Mask) -> LabelImage:
    table = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(table.take(parts), dtype=np.int32)
