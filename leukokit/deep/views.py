"""Rotated and mirrored views of an image, for test-time augmentation.

A smear has no preferred orientation: the eight views of the dihedral group are equally valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Views: TypeAlias = Literal["none", "flips", "dihedral"]
"""Only the image; with its three mirror images; or its eight flips and rotations by 90 degrees."""


def views_of(kind: Views, batch: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Each view of a batch of square images, n x side x side x c; the batch itself first."""
    yield batch
    if kind == "none":
        return
    yield batch[:, ::-1]
    yield batch[:, :, ::-1]
    yield batch[:, ::-1, ::-1]
    if kind == "dihedral":
        yield from views_of("flips", batch.transpose(0, 2, 1, 3))


def averaged(
    kind: Views, batch: NDArray[Any], predict: Callable[[NDArray[Any]], NDArray[Any]]
) -> NDArray[np.float64]:
    """Average of ``predict`` over the views of a batch, float64."""
    total: Any = 0.0
    count = 0
    for view in views_of(kind, batch):
        total = total + np.asarray(predict(np.ascontiguousarray(view)), dtype=np.float64)
        count += 1
    return np.asarray(total / count)
