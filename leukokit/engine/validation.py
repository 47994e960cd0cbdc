"""Check what plugins return, before the engine uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    FeatureExtractor,
    Labels,
    PluginError,
    RGBImage,
    Segmenter,
    Status,
    check_rgb,
)
from leukokit.engine.cache.serialization import columns_key
from leukokit.smear.plausibility import plausible_nuclei

LARGEST = 1e300
"""Beyond this a value is taken for an overflow: squares and sums of such numbers are infinite."""


def checked_image(result: RGBImage, source: RGBImage, *, keeps_shape: bool) -> RGBImage:
    """Check a preprocessor's output: uint8 H x W x 3, of the same shape where it promised that."""
    image = check_rgb(result, "the preprocessor's output")
    if keeps_shape and image.shape != source.shape:
        raise PluginError(
            f"returned shape {image.shape} for an image of shape {source.shape}, promised the same"
        )
    if image.flags.writeable:
        image = image.view()
        image.setflags(write=False)
    return image


def checked_labels(labels: Labels, segmenter: Segmenter, image: RGBImage) -> Labels:
    """Check a segmenter's output: promised roles, int32, image size, nuclei inside the cell of their id.

    Where the segmenter does not check itself whether nuclei are stained like nuclei, that is checked here; if
    they are not, the status becomes ``implausible``.
    """
    if not isinstance(labels, Labels):
        raise PluginError(f"returned {type(labels).__name__}, expected leukokit.api.Labels")
    absent = [role for role in segmenter.roles() if role not in labels.roles]
    if absent:
        raise PluginError(f"promised the roles {list(segmenter.roles())} and left out {absent}")
    for role, array in labels.roles.items():
        if not isinstance(array, np.ndarray) or array.dtype != np.int32 or array.shape != image.shape[:2]:
            shown = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise PluginError(f"role {role} is {shown}, expected int32 {image.shape[:2]}")
        if array.size and array.min() < 0:
            raise PluginError(f"role {role} has negative ids")
        array.setflags(write=False)
    if NUCLEUS in labels.roles and CELL in labels.roles:
        nucleus = labels.nucleus
        if np.any((nucleus > 0) & (labels.cell != nucleus)):
            raise PluginError(
                "a nucleus lies outside the cell of its id; one cell must have one id across roles"
            )
        unchecked = labels.status is Status.OK and not segmenter.checks_nuclei
        if unchecked and not plausible_nuclei(image, nucleus, labels.cell):
            return replace(labels, status=Status.IMPLAUSIBLE)
    return labels


@dataclass(frozen=True, slots=True)
class Promise:
    """Names of the features of an extractor, asked for once for many images.

    Attributes
    ----------
    names : tuple of str
    nullable : bool array (d,)
        Which of them may be missing though the segmentation succeeded.
    columns : str
        Digest of the names, kept with every vector.
    """

    names: tuple[str, ...]
    nullable: NDArray[np.bool_]
    columns: str

    @classmethod
    def of(cls, extractor: FeatureExtractor) -> Self:
        """Ask an extractor."""
        names, nullable = tuple(extractor.names()), extractor.nullable()
        missing = np.array([name in nullable for name in names], dtype=bool)
        return cls(names, missing, columns_key(names))


def checked_vector(
    values: Mapping[str, float], promise: Promise, labels: Labels | None
) -> NDArray[np.float64]:
    """Check an extractor's output: exactly the promised names, finite but for declared missing values.

    Returns
    -------
    float64 array (d,)
        In the order of the promised names.
    """
    names = promise.names
    if values.keys() != set(names):
        absent = sorted(set(names) - set(values))
        extra = sorted(set(values) - set(names))
        raise PluginError(f"features do not match names(): missing {absent[:5]}, unexpected {extra[:5]}")
    vector = np.array([values[name] for name in names], dtype=np.float64)
    missing = np.isnan(vector)
    if labels is None or labels.status is Status.OK:
        undeclared = np.flatnonzero(missing & ~promise.nullable)
        if len(undeclared):
            name = names[undeclared[0]]
            raise PluginError(f"feature {name} is NaN; a name that may be missing is declared in nullable()")
    too_large = np.flatnonzero(~(np.abs(vector) < LARGEST) & ~missing)
    if len(too_large):
        name, value = names[too_large[0]], vector[too_large[0]]
        raise PluginError(f"feature {name} is {value:g}; values must be finite and below {LARGEST:g}")
    vector.setflags(write=False)
    return vector
