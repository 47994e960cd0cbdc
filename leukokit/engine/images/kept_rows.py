"""Rows of the cache as images and label images, checked."""

from __future__ import annotations

from leukokit.api import Labels, RGBImage
from leukokit.engine.cache import serialization
from leukokit.engine.components.call import call_method
from leukokit.engine.images.plan import SegmentStep


def kept_image(payload: bytes, *, resizes: bool) -> tuple[RGBImage, float] | None:
    """Image and factor of a row; None where it was kept by a plan that did not ask for the factor."""
    factor = serialization.image_factor(payload) if resizes else 1.0
    return None if factor is None else (serialization.image_from_bytes(payload), factor)


def labels_of(step: SegmentStep, payload: bytes) -> Labels:
    """Label images of a row of the cache.

    Raises
    ------
    ValueError, or any other error of its decoders
        Where the payload does not hold what the segmenter promises.
    """
    labels = serialization.labels_from_bytes(payload)
    if not labels.roles.keys() >= set(call_method(step.component, "roles")):
        raise ValueError(f"label images of the roles {', '.join(labels.roles)}")
    return labels
