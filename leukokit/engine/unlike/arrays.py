"""References as arrays by name, for files without pickle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.engine.unlike.limits import References
from leukokit.evaluation.likeness import Reference

_FIELDS = ("fill", "spread", "points")


def reference_arrays(references: References) -> dict[str, NDArray[Any]]:
    """Arrays of all references; their names begin with that of the space, as ``stain.points``."""
    return {
        f"{name}.{field}": getattr(reference, field)
        for name, reference in references.spaces.items()
        for field in _FIELDS
    }


def references_from(names: Iterable[str], arrays: Mapping[str, NDArray[Any]]) -> References:
    """Read references back.

    Raises
    ------
    KeyError, ValueError
        Where an array is missing, or they do not fit together.
    """
    return References({name: _reference(name, arrays) for name in names})


def _reference(name: str, arrays: Mapping[str, NDArray[Any]]) -> Reference:
    fill, spread, points = (arrays[f"{name}.{field}"] for field in _FIELDS)
    if points.ndim != 2 or fill.shape != spread.shape or fill.shape != points.shape[1:] or not len(points):
        raise ValueError(f"the arrays of {name} have the shapes {fill.shape}, {spread.shape}, {points.shape}")
    kinds = fill.dtype, spread.dtype, points.dtype
    if kinds != (np.dtype(np.float64), np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"the arrays of {name} are {', '.join(map(str, kinds))}")
    finite = all(np.isfinite(array).all() for array in (fill, spread, points))
    if not finite or not (spread > 0).all():
        raise ValueError(f"the arrays of {name} hold something else than finite numbers")
    return Reference(fill, spread, points)
