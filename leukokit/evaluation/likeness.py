"""How far an image is from the training data, and from where on it counts as unlike them.

The distance is the mean distance to the nearest training images, after each number was divided by its
standard deviation over the training part (Ramaswamy et al. 2000, doi 10.1145/342009.335437; for deep features
Sun et al. 2022, arXiv 2204.06507). It assumes no form of the classes, so several labs or stains in the
training part do no harm. The limits are order statistics of held-out images, as in conformal prediction (Vovk
et al. 2005, doi 10.1007/b106715): of images like these, no larger share than asked for lies beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray

NEIGHBORS = 5
MOST_POINTS = 5000
"""Training images that are kept for comparison."""
_FOLDS = 5
_FAR = 1e15  # standard deviations; the square of more is no float32


@dataclass(frozen=True)
class Reference:
    """The training images in some space of numbers.

    Attributes
    ----------
    fill : float64 array (d,)
        Medians of the training part, in place of missing numbers.
    spread : float64 array (d,)
        Standard deviations of the training part; 1 where a number does not vary.
    points : float32 array (n, d)
        Training images, divided by ``spread``.
    """

    fill: FloatArray
    spread: FloatArray
    points: NDArray[np.float32]

    @classmethod
    def of(cls, rows: FloatArray, *, seed: int) -> Self:
        """Take the training images, float64 n x d, NaN where a number is missing.

        Of more than ``MOST_POINTS`` a random choice is kept.
        """
        known = np.where(np.isfinite(rows), rows, np.nan)
        empty = np.isnan(known).all(axis=0)
        fill = np.where(empty, 0.0, np.nanmedian(np.where(empty, 0.0, known), axis=0))
        filled = np.where(np.isnan(known), fill, known)
        spread = filled.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        if len(filled) > MOST_POINTS:
            kept = np.random.default_rng(seed).permutation(len(filled))[:MOST_POINTS]
            filled = filled[np.sort(kept)]
        return cls(fill, spread, (filled / spread).astype(np.float32))

    def distances(self, rows: FloatArray) -> FloatArray:
        """Mean distance of each row to its nearest training images, over the root of the number of columns.

        Parameters
        ----------
        rows : float64 array (n, d)

        Returns
        -------
        float64 array (n,)
        """
        return np.array([self._distance(row) for row in self._scaled(rows)], dtype=np.float64)

    def _scaled(self, rows: FloatArray) -> NDArray[np.float32]:
        filled = np.where(np.isfinite(rows), rows, self.fill)
        return np.clip(filled / self.spread, -_FAR, _FAR).astype(np.float32)

    def _distance(self, row: NDArray[np.float32]) -> float:
        # One row at a time: sums of a matrix product would depend on the other rows.
        squares = np.square(self.points - row).sum(axis=1, dtype=np.float64)
        count = min(NEIGHBORS, len(squares))
        nearest = np.sort(np.partition(squares, count - 1)[:count])
        return float(np.sqrt(nearest).mean() / np.sqrt(max(1, len(row))))


def left_out_distances(rows: FloatArray, groups: NDArray[np.str_], *, seed: int) -> FloatArray:
    """Distance of each training image from the others, none of its own group among them.

    Parameters
    ----------
    rows : float64 array (n, d)
    groups : str array (n,)
    """
    distances = np.full(len(rows), np.nan)
    for out in _group_folds(groups, seed):
        if not out.all():
            distances[out] = Reference.of(rows[~out], seed=seed).distances(rows[out])
    return distances


def _group_folds(groups: NDArray[np.str_], seed: int) -> Iterator[NDArray[np.bool_]]:
    names, number = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(names)) % _FOLDS
    for chosen in range(min(_FOLDS, len(names))):
        yield fold[number] == chosen


def choose_limits(distances: Mapping[str, FloatArray], share: float) -> dict[str, float]:
    """Choose the limit of each distance so that few held-out images lie beyond any of them.

    Parameters
    ----------
    distances : mapping of str to float64 array (n,)
        Of held-out images; NaN where unknown.
    share : float
        Largest share of images beyond some limit, 0..1. With fewer than 1 / share images, none is.

    Returns
    -------
    dict of str to float
        Of every distance that is known for some image, above 0.
    """
    known = {name: values for name, values in distances.items() if np.isfinite(values).any()}
    limits = {name: _quantile(values[np.isfinite(values)], share) for name, values in known.items()}
    if not limits:
        return {}
    ratios = np.array([known[name] / limit for name, limit in limits.items()])
    farthest = np.where(np.isnan(ratios), 0.0, ratios).max(axis=0)
    factor = max(1.0, _quantile(farthest, share))
    return {name: limit * factor for name, limit in limits.items()}


def _quantile(values: FloatArray, share: float) -> float:
    """Smallest of the values that no more than this share of images like these exceeds."""
    ordered = np.sort(values)
    rank = min(len(ordered), ceil((1 - share) * (len(ordered) + 1)))
    return max(float(ordered[rank - 1]), float(np.finfo(np.float64).tiny))
