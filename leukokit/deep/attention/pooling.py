"""A fitted attention pooling: from the features of a group's images to its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.deep.attention.bags import Scaling
from leukokit.deep.attention.params import AttentionParams

_MEAN, _SPREAD, _WEIGHT = "mean", "spread", "weight_"
_HIDDEN, _CONTENT, _GATE, _SCORE, _ANSWER = range(5)
"""Layers of the network, in its order."""


@dataclass(frozen=True, eq=False)
class AttentionPooling:
    """Attention pooling that was trained on the groups of a training part.

    Keras trains the network of :func:`leukokit.deep.attention.network.build_attention`; NumPy applies its few
    layers, in float64: answers then need no Keras and are the same to the bit in every process.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    params : AttentionParams
    epochs : int
        Epochs after which its weights were taken.
    groups : int
        Groups that it was trained on.
    scaling : Scaling
    weights : tuple of float32 array
        Of the network's layers, in its order.
    """

    classes: tuple[str, ...]
    params: AttentionParams
    epochs: int
    groups: int
    scaling: Scaling
    weights: tuple[NDArray[np.float32], ...]

    def answer(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Answer for one group.

        Parameters
        ----------
        rows : float64 array (n, d)
            Features of its images, in any order: the answer is the same to the bit.

        Returns
        -------
        proba : float64 array (k,)
            Probability of each class, sums to 1.
        attention : float64 array (n,)
            Weight of each image, sums to 1.
        """
        given = self.scaling.apply(rows)
        # Sums are rounded by the order of their terms, so every order of the images becomes the same one.
        order = np.lexsort(given.T)
        hidden = np.maximum(self._layer(given[order].astype(np.float64), _HIDDEN), 0)
        gate = 1 / (1 + np.exp(-self._layer(hidden, _GATE)))
        weights = _softmax(self._layer(np.tanh(self._layer(hidden, _CONTENT)) * gate, _SCORE)[:, 0])
        pooled = np.einsum("n,nh->h", weights, hidden)
        attention = np.empty(len(rows))
        attention[order] = weights
        return _softmax(self._layer(pooled[None], _ANSWER)[0]), attention

    def _layer(self, rows: FloatArray, number: int) -> FloatArray:
        """One dense layer of the network, without its activation."""
        kernel, bias = self.weights[2 * number : 2 * number + 2]
        # einsum, not a product of BLAS, which rounds by the number of its threads.
        return np.asarray(np.einsum("nd,dh->nh", rows, kernel.astype(np.float64)) + bias)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give all that was learned, by name."""
        learned = {f"{_WEIGHT}{number:02d}": array for number, array in enumerate(self.weights)}
        return {_MEAN: self.scaling.mean, _SPREAD: self.scaling.spread, **learned}

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        *,
        classes: Sequence[str],
        params: AttentionParams,
        epochs: int,
        groups: int,
    ) -> Self:
        """Read back what :meth:`arrays` gave.

        Raises
        ------
        KeyError, ValueError
            Where an array is missing, or they do not fit together.
        """
        mean, spread = arrays[_MEAN], arrays[_SPREAD]
        names = sorted(name for name in arrays if name.startswith(_WEIGHT))
        weights = tuple(arrays[name] for name in names)
        expected = _shapes(len(mean), len(classes), params)
        if [array.shape for array in weights] != expected or mean.shape != spread.shape or mean.ndim != 1:
            raise ValueError(f"the arrays have other shapes than those of {params.hidden} hidden units")
        kinds = {array.dtype for array in weights}
        if kinds != {np.dtype(np.float32)} or {mean.dtype, spread.dtype} != {np.dtype(np.float64)}:
            raise ValueError("the arrays have other types of numbers")
        if not all(np.isfinite(array).all() for array in (mean, spread, *weights)) or not (spread > 0).all():
            raise ValueError("the arrays hold something else than finite numbers")
        return cls(tuple(classes), params, epochs, groups, Scaling(mean, spread), weights)


def _softmax(scores: FloatArray) -> FloatArray:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def _shapes(features: int, classes: int, params: AttentionParams) -> list[tuple[int, ...]]:
    """Shapes of the weights, layer by layer: kernel, then bias."""
    hidden, units = params.hidden, params.units
    layers = [(features, hidden), (hidden, units), (hidden, units), (units, 1), (hidden, classes)]
    return [shape for given, out in layers for shape in ((given, out), (out,))]
