"""Work at a size that a method knows, and bring label images back to the grid of the image."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from leukokit.api import CELL, NUCLEUS, UNKNOWN_SCALE, Labels, Mask, RGBImage, Scale, Status
from leukokit.api.smear import estimate_scale, labels_on_grid
from leukokit.plugins.segment._basins import renumber

TOLERANCE = 0.15
"""Red cells that differ by less than this share from the reference need no resampling: within one lab, and
within the error of one estimate, they differ by that much (all-pbs: 90 % within 10 % of their median)."""

MAX_FACTOR = 4.0
"""Images are enlarged at most so much: beyond, a red cell has too few px to show anything."""
MAX_SIDE = 2048
"""Longest side that an image is enlarged to, in px."""
MIN_SIDE = 64
"""Shortest side that an image is shrunk to, in px."""

MIN_CONFIDENCE = 0.2
"""Doubtful scales are not acted on: in crops of one cell (wbc-masks) most of those that there are."""


class Resampled(NamedTuple):
    """An image at the size a method works at.

    Attributes
    ----------
    image : uint8 array, h x w x 3
        The image itself where nothing was resampled.
    scale : Scale
        Scale of ``image``.
    """

    image: RGBImage
    scale: Scale


def to_reference(
    image: RGBImage, scale: Scale, low: float, high: float, *, enlarged: float, shrunk: float
) -> Resampled:
    """Resample an image so that a red cell measures about what a method expects.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    scale : Scale
        Of ``image``; an unknown diameter (NaN) leaves the image as it is.
    low, high : float
        Red-cell diameters that need no resampling, in px.
    enlarged, shrunk : float
        Diameters to resample to from below ``low`` and from above ``high``, in px.

    Returns
    -------
    Resampled
        Enlarged no more than ``MAX_FACTOR`` and to ``MAX_SIDE``, shrunk no further than ``MIN_SIDE``.
    """
    diameter = scale.red_cell_px
    height, width = image.shape[:2]
    if diameter < low:
        factor = min(enlarged / diameter, MAX_FACTOR, max(MAX_SIDE / max(height, width), 1.0))
    elif diameter > high:
        factor = max(shrunk / diameter, min(MIN_SIDE / min(height, width), 1.0))
    else:
        factor = 1.0
    size = (round(width * factor), round(height * factor))
    if size == (width, height):
        return Resampled(image, scale)
    return Resampled(resized(image, size, factor), scale.resized(factor))


def resized(image: RGBImage, size: tuple[int, int], factor: float) -> RGBImage:
    """Resize an image: by means of areas where ``factor`` is below 1, else by cubic interpolation.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    size : tuple of int
        Width and height of the result.
    factor : float
        How many times as wide the result is, before rounding.
    """
    how = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)


def at_reference(image: RGBImage, scale: Scale | None, reference: float | None) -> Resampled:
    """Resample an image for a method whose constants are in px of one camera.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    scale : Scale, optional
        Of ``image``; measured on its red cells where omitted. Nothing is resampled by a guess.
    reference : float, optional
        Diameter of a red cell at that camera, in px; None never resamples, and measures nothing.

    Returns
    -------
    Resampled
        With the image itself where its red cells are within ``TOLERANCE`` of the reference; its scale is
        unknown where it is too doubtful to act on, or was not asked for.
    """
    if reference is None:
        return Resampled(image, UNKNOWN_SCALE)
    scale = estimate_scale(image) if scale is None else scale
    if not scale.known or scale.confidence < MIN_CONFIDENCE:
        return Resampled(image, UNKNOWN_SCALE)
    low, high = reference * (1.0 - TOLERANCE), reference * (1.0 + TOLERANCE)
    return to_reference(image, scale, low, high, enlarged=reference, shrunk=reference)


def to_native(labels: Labels, shape: tuple[int, ...], void: Mask | None = None) -> Labels:
    """Bring label images to the grid of the image they were made from.

    Outlines are those of the mask, resampled and cut at one half; ids are those of the nearest labeled pixel.
    A nucleus stays inside the cell of its id, and ids are 1..n again: a cell that is lost on a coarser grid,
    or its nucleus, is dropped in both roles.

    Parameters
    ----------
    labels : Labels
    shape : tuple of int
        Of the image: height and width come first.
    void : bool array, H x W, optional
        Pixels of the image that show nothing; no label is left there.

    Returns
    -------
    Labels
        The same object where it has that shape already and there is no void.
    """
    height, width = shape[:2]
    if void is None and all(each.shape == (height, width) for each in labels.roles.values()):
        return labels
    roles = {role: labels_on_grid(each, (height, width)) for role, each in labels.roles.items()}
    if void is not None:
        roles = {role: np.where(void, 0, each).astype(np.int32) for role, each in roles.items()}
    return consistent(Labels(roles, labels.status))


def consistent(labels: Labels) -> Labels:
    """Drop what resampling tore apart: ids are 1..n again in every role.

    A nucleus stays inside the cell of its id. A cell without its nucleus, or the other way round, is dropped
    in both roles; the status is ``no_cell`` where none is left.
    """
    roles = dict(labels.roles)
    cell, nucleus = roles.get(CELL), roles.get(NUCLEUS)
    if cell is not None and nucleus is not None:
        nucleus = np.where(nucleus == cell, nucleus, 0).astype(np.int32)
        kept = np.bincount(nucleus.ravel(), minlength=int(cell.max(initial=0)) + 1) > 0
        kept[0] = False
        roles |= {CELL: renumber(cell, kept), NUCLEUS: renumber(nucleus, kept)}
        if not kept.any() and labels.status in (Status.OK, Status.IMPLAUSIBLE):
            labels = replace(labels, status=Status.NO_CELL)
    for role in roles.keys() - {CELL, NUCLEUS}:
        present = np.bincount(roles[role].ravel()) > 0
        present[0] = False
        roles[role] = renumber(roles[role], present)
    return Labels(roles, labels.status)
