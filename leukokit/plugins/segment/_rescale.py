"""Resampling images to the reference scale of a method, and label images back to the grid of the image."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from leukokit.api import CELL, NUCLEUS, UNKNOWN_SCALE, Labels, Mask, RGBImage, Scale, Status
from leukokit.api.smear import estimate_scale, labels_on_grid
from leukokit.plugins.segment._basins import renumber

TOLERANCE = 0.15
"""Largest relative difference of red cells from the reference that needs no resampling: red cells of one lab,
and single estimates, differ by that much (all-pbs: 90 % within 10 % of their median)."""

MAX_ENLARGEMENT = 4.0
"""Largest enlargement of an image; red cells that need more have too few px to show any detail."""
MAX_SIDE = 2048
"""Longest side that an image is enlarged to, in px."""
MIN_SIDE = 64
"""Shortest side that an image is shrunk to, in px."""

MIN_CONFIDENCE = 0.2
"""Smallest confidence of a scale that is used. In crops of one cell (wbc-masks) most estimates have less."""


class Resampled(NamedTuple):
    """An image at the scale that a method works at.

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
    """Resample an image so that red cells have about the diameter that a method expects.

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
        Enlarged by at most ``MAX_ENLARGEMENT`` and to ``MAX_SIDE``, shrunk at most to ``MIN_SIDE``.
    """
    diameter = scale.red_cell_px
    height, width = image.shape[:2]
    if diameter < low:
        factor = min(enlarged / diameter, MAX_ENLARGEMENT, max(MAX_SIDE / max(height, width), 1.0))
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
    interpolation = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), dtype=np.uint8)


def at_reference(image: RGBImage, scale: Scale | None, reference: float | None) -> Resampled:
    """Resample an image for a method whose constants are in px of one camera.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    scale : Scale, optional
        Of ``image``; measured on its red cells where omitted. Rough estimates from nuclei are not used.
    reference : float, optional
        Diameter of a red cell at that camera, in px; None measures and resamples nothing.

    Returns
    -------
    Resampled
        With the image itself where its red cells are within ``TOLERANCE`` of the reference. The scale is
        unknown where its confidence is too low, or where ``reference`` is None.
    """
    if reference is None:
        return Resampled(image, UNKNOWN_SCALE)
    scale = estimate_scale(image) if scale is None else scale
    if not scale.known or scale.confidence < MIN_CONFIDENCE:
        return Resampled(image, UNKNOWN_SCALE)
    low, high = reference * (1.0 - TOLERANCE), reference * (1.0 + TOLERANCE)
    return to_reference(image, scale, low, high, enlarged=reference, shrunk=reference)


def to_native(labels: Labels, shape: tuple[int, ...], void: Mask | None = None) -> Labels:
    """Resample label images to the grid of the image they were made from.

    Outlines are those of the mask, resampled and thresholded at one half; ids are those of the nearest
    labeled pixel. A nucleus stays inside the cell of its id, and ids are 1..n again: where a cell or its
    nucleus is lost on a coarser grid, both are dropped.

    Parameters
    ----------
    labels : Labels
    shape : tuple of int
        Shape of the image: height and width come first.
    void : bool array, H x W, optional
        Black areas of the image; labels are removed there.

    Returns
    -------
    Labels
        ``labels`` itself where it has that shape and there is no void.
    """
    height, width = shape[:2]
    if void is None and all(label_image.shape == (height, width) for label_image in labels.roles.values()):
        return labels
    roles = {role: labels_on_grid(label_image, (height, width)) for role, label_image in labels.roles.items()}
    if void is not None:
        roles = {role: np.where(void, 0, label_image).astype(np.int32) for role, label_image in roles.items()}
    return with_matching_ids(Labels(roles, labels.status))


def with_matching_ids(labels: Labels) -> Labels:
    """Drop objects that resampling made inconsistent, and renumber ids 1..n in every role.

    A nucleus is limited to the cell of its id. A cell without nucleus, or a nucleus without cell, is dropped
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
