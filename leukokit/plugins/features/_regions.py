"""Regions that features are computed in: the whole image, the nuclei, or the white cells."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from leukokit.api import CELL, NUCLEUS, Labels, Mask, Planes, PluginError, Status


class Region(StrEnum):
    """Part of an image that features are computed in; a cell includes its nucleus."""

    IMAGE = "image"
    NUCLEUS = NUCLEUS
    CELL = CELL


def roles_of(regions: Iterable[Region]) -> tuple[str, ...]:
    """Roles of label image that the regions need."""
    return tuple(region.value for region in regions if region is not Region.IMAGE)


def region_mask(region: Region, planes: Planes, labels: Labels | None) -> Mask | None:
    """Pixels of a region, bool H x W.

    Parameters
    ----------
    region : Region
        Which part.
    planes : Planes
        The image, for its shape.
    labels : Labels, optional
        Needed for every region but ``image``.

    Returns
    -------
    Mask or None
        None for the whole image. All False where the status of the segmentation is not ``ok``, so that
        features of a failed segmentation are missing rather than wrong.

    Raises
    ------
    PluginError
        Where the label image is absent or does not fit the image.
    """
    if region is Region.IMAGE:
        return None
    shape = planes.rgb.shape[:2]
    if labels is None or region.value not in labels.roles:
        raise PluginError(
            f"features within {region.value!r} need {region.value!r} labels, and none were given",
            hint="Add a segment step that makes them, or take the features of the whole 'image'",
        )
    label_image = labels.roles[region.value]
    if label_image.shape != shape:
        raise PluginError(
            f"the {region.value!r} label image has shape {label_image.shape}, the image {shape}",
            hint="A segmenter must return label images of the image's height and width",
        )
    if labels.status is not Status.OK:
        return np.zeros(shape, dtype=np.bool_)
    mask: Mask = label_image > 0
    return mask


def blank_outside(region: Region, planes: Planes, labels: Labels | None) -> Planes:
    """Planes of the image with everything outside a region black, as in the paper's segmented images.

    For the whole image ``planes`` itself is returned, with the color planes that are already computed.
    """
    mask = region_mask(region, planes, labels)
    return planes if mask is None else Planes(planes.rgb * mask[:, :, np.newaxis], planes.scale)
