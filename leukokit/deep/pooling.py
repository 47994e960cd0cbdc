"""Pooling of feature maps over space: from maps to one row of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

import numpy as np

from leukokit.arrays import FloatArray
from leukokit.errors import UsageError
from leukokit.matrices import matrix_logarithm

MOST_CHANNELS = 128
"""Channels up to which their covariance is taken: 8256 numbers."""

_POWER = 3.0
_SMALLEST = 1e-6
_RIDGE = 1e-3
_NO_VARIANCE = 1e-12


class Pooling(StrEnum):
    """What is kept of a map, or of all maps of a layer together."""

    MEAN = "mean"
    MAX = "max"
    STD = "std"
    GEM = "gem"
    COVARIANCE = "covariance"


def pooled_names(pooling: Pooling, channels: int) -> Iterator[str]:
    """Names of the numbers of a layer: by channel, or by pair of channels.

    Raises
    ------
    UsageError
        Where the layer has more channels than their covariance is taken of.
    """
    if pooling is not Pooling.COVARIANCE:
        yield from (f"{pooling}_{i:04d}" for i in range(channels))
        return
    if channels > MOST_CHANNELS:
        raise UsageError(
            f"pooling 'covariance' is for layers of at most {MOST_CHANNELS} channels, and this one has "
            f"{channels}",
            hint="Name layers nearer to the input in 'layers', or leave 'covariance' out of 'pooling'",
        )
    yield from (f"{pooling}_{i:04d}_{j:04d}" for i in range(channels) for j in range(i, channels))


def pooled(maps: FloatArray, pooling: Pooling) -> FloatArray:
    """Pool the maps of a layer.

    Parameters
    ----------
    maps : float64 array, pixels x channels
    pooling : Pooling
        ``gem`` is the generalized mean with power 3 of what is above 0 (Radenovic, Tolias and Chum 2018,
        doi 10.1109/TPAMI.2018.2846566); ``covariance`` the logarithm of the covariance of the channels, plus
        1/1000 of their mean variance.

    Returns
    -------
    float64 array
        As many numbers as :func:`pooled_names` has names.
    """
    return _WAYS[pooling](maps)


def _generalized_mean(maps: FloatArray) -> FloatArray:
    mean: FloatArray = (np.maximum(maps, _SMALLEST) ** _POWER).mean(axis=0) ** (1 / _POWER)
    return mean


def _log_covariance(maps: FloatArray) -> FloatArray:
    centered = maps - maps.mean(axis=0)
    # einsum, not a product of BLAS, which rounds by the number of its threads.
    covariance = np.einsum("pi,pj->ij", centered, centered) / len(maps)
    ridge = _RIDGE * float(np.trace(covariance)) / len(covariance)
    return matrix_logarithm(covariance, max(ridge, _NO_VARIANCE))


_WAYS: dict[Pooling, Callable[[FloatArray], FloatArray]] = {
    Pooling.MEAN: lambda maps: np.asarray(maps.mean(axis=0)),
    Pooling.MAX: lambda maps: np.asarray(maps.max(axis=0)),
    Pooling.STD: lambda maps: np.asarray(maps.std(axis=0)),
    Pooling.GEM: _generalized_mean,
    Pooling.COVARIANCE: _log_covariance,
}
