"""Bags of feature vectors: cut to a largest size, filled up to one size, standardized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray


@dataclass(frozen=True)
class LabeledBags:
    """Groups of known class.

    Attributes
    ----------
    rows : sequence of float64 array (n_i, d)
        Features of the images of each group; no group is empty.
    labels : str array (g,)
        Class of each group.
    """

    rows: Sequence[FloatArray]
    labels: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class PaddedBags:
    """Bags as arrays that a network trains on.

    Attributes
    ----------
    rows : float32 array (b, n, d)
    mask : bool array (b, n)
        False where a bag is only filled up.
    targets : float32 array (b, k)
        One-hot classes.
    weights : float32 array (b,)
        Those of one group's bags sum to 1.
    """

    rows: NDArray[np.float32]
    mask: NDArray[np.bool_]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, bags: LabeledBags, scaling: Scaling, classes: Sequence[str], largest: int) -> Self:
        """Standardize bags, cut those with more than ``largest`` rows, and fill all up to one size."""
        pieces: list[NDArray[np.float32]] = []
        of_group: list[int] = []
        for number, rows in enumerate(bags.rows):
            count = -(-len(rows) // largest)
            # Every count-th row: images that follow each other do not end up in one bag.
            pieces += [scaling.apply(rows[start::count]) for start in range(count)]
            of_group += [number] * count
        sizes = [len(piece) for piece in pieces]
        filled = np.zeros((len(pieces), max(sizes), pieces[0].shape[1]), dtype=np.float32)
        mask = np.zeros(filled.shape[:2], dtype=bool)
        for number, piece in enumerate(pieces):
            filled[number, : len(piece)] = piece
            mask[number, : len(piece)] = True
        codes = np.array([list(classes).index(str(name)) for name in bags.labels], dtype=np.intp)
        targets = np.eye(len(classes), dtype=np.float32)[codes[of_group]]
        weights = 1 / np.bincount(of_group)[of_group]
        return cls(filled, mask, targets, weights.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and standard deviation of each feature, over the images of the training groups.

    Attributes
    ----------
    mean, spread : float64 array (d,)
        ``spread`` is 1 where a feature does not vary.
    """

    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, bags: Sequence[FloatArray]) -> Self:
        """Measure them."""
        rows = np.concatenate(bags)
        known = np.isfinite(rows)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, rows, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, rows - mean, 0) ** 2).sum(axis=0) / count)
        return cls(mean, np.where(spread > 0, spread, 1.0))

    def apply(self, rows: FloatArray) -> NDArray[np.float32]:
        """Standardize rows (n, d); what is missing becomes the mean."""
        scaled = np.where(np.isfinite(rows), (rows - self.mean) / self.spread, 0)
        return scaled.astype(np.float32)
