"""Check what plugins return, before the engine uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    CellFeatureExtractor,
    Cells,
    FeatureExtractor,
    Labels,
    PluginError,
    RGBImage,
    Segmenter,
    Status,
    check_rgb,
)
from leukokit.arrays import FloatArray, sealed
from leukokit.engine.cache.serialization import columns_key
from leukokit.engine.components.call import call_method
from leukokit.smear.plausibility import plausible_nuclei

LARGEST = 1e300
"""Beyond this a value is taken for an overflow: squares and sums of such numbers are infinite."""

_SUM_TOLERANCE = 1e-5
"""How far the probabilities of an image may be from a sum of 1; sums of float32 numbers are a tenth of it
away."""

_NUMBERS = (int, float, np.integer, np.floating, np.bool_)


def checked_image(result: RGBImage, source: RGBImage, *, keeps_shape: bool) -> RGBImage:
    """Check a preprocessor's output: uint8 H x W x 3, of the same shape where it promised that."""
    image = check_rgb(result, "the preprocessor's output")
    if keeps_shape and image.shape != source.shape:
        raise PluginError(
            f"returned shape {image.shape} for an image of shape {source.shape}, promised the same"
        )
    return sealed(image)


def checked_labels(result: object, segmenter: Segmenter, image: RGBImage) -> Labels:
    """Check a segmenter's output: status, roles, int32, image size, ids, nuclei inside the cell of their id.

    Where the segmenter does not check itself whether nuclei are stained like nuclei, that is checked here; if
    they are not, the status becomes ``implausible``.
    """
    if not isinstance(result, Labels):
        raise PluginError(f"returned {type(result).__name__}, expected leukokit.api.Labels")
    status: object = result.status
    if not isinstance(status, Status):
        names = ", ".join(f"Status.{known.name}" for known in Status)
        raise PluginError(f"the status is {status!r}, expected one of {names}")
    absent = [role for role in segmenter.roles() if role not in result.roles]
    if absent:
        raise PluginError(f"promised the roles {list(segmenter.roles())} and left out {absent}")
    roles = {role: _checked_role(role, array, image) for role, array in result.roles.items()}
    labels = replace(result, roles=roles)
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


def _checked_role(role: str, array: Any, image: RGBImage) -> NDArray[np.int32]:
    if not isinstance(array, np.ndarray) or array.dtype != np.int32 or array.shape != image.shape[:2]:
        shown = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise PluginError(f"role {role} is {shown}, expected int32 {image.shape[:2]}")
    if array.size and array.min() < 0:
        raise PluginError(f"role {role} has negative ids")
    if array.size and array.max() > array.size:  # counting the pixels of each id would need all memory
        raise PluginError(
            f"role {role} has the id {array.max()} in an image of {array.size} pixels; number cells from 1"
        )
    return sealed(array)


@dataclass(frozen=True, slots=True)
class FeatureSchema:
    """Names of the features of an extractor, read once for many images.

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
        """Get the names from an extractor."""
        names, nullable = tuple(call_method(extractor, "names")), call_method(extractor, "nullable")
        missing = np.array([name in nullable for name in names], dtype=bool)
        return cls(names, missing, columns_key(names))


def checked_vector(values: object, schema: FeatureSchema, labels: Labels | None) -> NDArray[np.float64]:
    """Check an extractor's output: exactly the declared names, all finite except declared missing values.

    Returns
    -------
    float64 array (d,)
        In the order of the declared names.
    """
    names = schema.names
    if not isinstance(values, Mapping):
        raise PluginError(f"returned {type(values).__name__}, expected a dict of feature names and numbers")
    if values.keys() != set(names):
        absent = sorted(set(names) - set(values))
        extra = sorted(set(values) - set(names))
        raise PluginError(f"features do not match names(): missing {absent[:5]}, unexpected {extra[:5]}")
    for name, value in values.items():
        if not isinstance(value, _NUMBERS):
            shown = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)[:80]
            raise PluginError(f"feature {name} is {shown}, expected one number")
    vector = np.array([values[name] for name in names], dtype=np.float64)
    missing = np.isnan(vector)
    if labels is None or labels.status is Status.OK:
        undeclared = np.flatnonzero(missing & ~schema.nullable)
        if len(undeclared):
            name = names[undeclared[0]]
            raise PluginError(f"feature {name} is NaN; a name that may be missing is declared in nullable()")
    too_large = np.flatnonzero(~(np.abs(vector) < LARGEST) & ~missing)
    if len(too_large):
        name, value = names[too_large[0]], vector[too_large[0]]
        raise PluginError(f"feature {name} is {value:g}; values must be finite and below {LARGEST:g}")
    vector.setflags(write=False)
    return vector


def checked_cells(
    values: object, extractor: CellFeatureExtractor, cells: Cells
) -> dict[str, NDArray[np.float64]]:
    """Check what an extractor measured of cells: its columns, a finite number or NaN for each cell."""
    names = tuple(column.name for column in call_method(extractor, "columns"))
    if not isinstance(values, Mapping) or values.keys() != set(names):
        shown = sorted(values) if isinstance(values, Mapping) else type(values).__name__
        raise PluginError(f"measure() returned {shown}, expected an array for each of {list(names)}")
    count = len(cells.places(extractor.objects))
    checked = {}
    for name in names:
        column = np.asarray(values[name])
        if column.shape != (count,) or column.dtype.kind not in "fiub":
            raise PluginError(
                f"column {name} is {column.dtype} {column.shape}, expected a number for each of {count} cells"
            )
        checked[name] = column.astype(np.float64)
        if not (np.isnan(checked[name]) | (np.abs(checked[name]) < LARGEST)).all():
            raise PluginError(f"column {name} has values that are not finite and below {LARGEST:g}")
    return checked


def checked_probabilities(probabilities: Any, shape: tuple[int, int], name: str) -> FloatArray:
    """Check what a model predicts; nothing is corrected, since a sum other than 1 is a sign of a mistake.

    Parameters
    ----------
    probabilities : object
        What the model returned.
    shape : (int, int)
        Images and classes.
    name : str
        Class of the classifier.

    Returns
    -------
    float64 array n x k
        The same.

    Raises
    ------
    PluginError
        Where they are no float64 array of that shape, some are not finite or negative, or a row does not sum
        to 1.
    """
    what = f"the probabilities of {name}"
    if not isinstance(probabilities, np.ndarray):
        raise PluginError(f"{what} are a {type(probabilities).__name__}, expected a float64 array {shape}")
    if probabilities.shape != shape:
        raise PluginError(
            f"{what} have the shape {probabilities.shape}, expected {shape}: a row for each "
            "image, a column for each class"
        )
    if probabilities.dtype != np.float64:
        raise PluginError(f"{what} are {probabilities.dtype}, expected float64")
    bad = np.argwhere(~(np.isfinite(probabilities) & (probabilities >= 0)))
    if len(bad):
        row, column = bad[0].tolist()
        raise PluginError(
            f"{what} are not all finite numbers from 0 on: {probabilities[row, column]:g} for class {column} "
            f"in row {row}, and {len(bad) - 1} more"
        )
    sums = probabilities.sum(axis=1)
    off = np.abs(sums - 1)
    if len(off) and off.max() > _SUM_TOLERANCE:
        row = int(off.argmax())
        raise PluginError(
            f"{what} do not sum to 1: row {row} sums to {sums[row]:.9g}, {off[row]:.2g} away, and "
            f"{np.count_nonzero(off > _SUM_TOLERANCE) - 1} more rows; up to {_SUM_TOLERANCE:g} is allowed"
        )
    return probabilities


def checked_classes(classes: Any, name: str) -> tuple[str, ...]:
    """Check the classes of a model: different texts, at least one.

    Parameters
    ----------
    classes : object
        As the model returns them.
    name : str
        Class of the classifier.
    """
    try:
        known = tuple(classes)
    except TypeError:
        known = ()
    texts = bool(known) and all(isinstance(label, str) for label in known)
    if not texts or isinstance(classes, str) or len(set(known)) < len(known):
        raise PluginError(f"the classes of the model of {name} are {classes!r}, expected different texts")
    return known
