"""Clusters of errors in file order, often one slide or patient that the model does not recognize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray

_PERMUTATIONS = 999
_LEAST = 3
_LEVEL = 0.05
_MOST_ERRORS = 300
"""A class with more errors is not scanned: the time grows with the square of their number."""


@dataclass(frozen=True)
class ErrorCluster:
    """An interval of the file order with more errors than expected by chance.

    Attributes
    ----------
    label : str
        True class of its images.
    first, last : str
        Ids of its first and last image, both wrong.
    errors, images : int
        Misclassified images and all images in it.
    class_errors : int
        Misclassified images of the class.
    p : float
        Share of random orders with an interval, in any class, of at least this likelihood ratio.
    """

    label: str
    first: str
    last: str
    errors: int
    images: int
    class_errors: int
    p: float


def error_clusters(
    ids: Sequence[str], labels: Sequence[str], wrong: Sequence[bool] | NDArray[np.bool_], *, seed: int
) -> tuple[ErrorCluster, ...]:
    """Find, in each class, the interval of the file order where errors are densest.

    Method: the scan statistic of Kulldorff for yes-or-no data (1997, doi 10.1080/03610929708831995), in one
    dimension, with its distribution over random orders of the errors within the class. An interval is
    reported if it has at least three errors and p times the number of classes is below 0.05.

    Parameters
    ----------
    ids, labels : sequence of str (n,)
        Images of one part in file order, and their true classes.
    wrong : sequence of bool (n,)
        Whether the model misclassifies the image.
    seed : int
        Seed of the random orders.
    """
    names = np.asarray(labels, dtype=np.str_)
    errs = np.asarray(wrong, dtype=bool)
    classes = np.unique(names)
    rng = np.random.default_rng([seed, 20_26])
    clusters = []
    for label in classes:
        rows = np.flatnonzero(names == label)
        places = np.flatnonzero(errs[rows])
        n, k = len(rows), len(places)
        if not _LEAST <= k <= min(n - 1, _MOST_ERRORS):
            continue
        score, start, stop = _densest(places, n)
        orders = [np.sort(rng.permutation(n)[:k]) for _ in range(_PERMUTATIONS)]
        as_much = sum(_densest(order, n)[0] >= score - 1e-12 for order in orders)
        p = min(1.0, len(classes) * (1 + as_much) / (1 + _PERMUTATIONS))
        if p < _LEVEL:
            first, last = rows[places[start]], rows[places[stop]]
            clusters.append(
                ErrorCluster(
                    label=str(label),
                    first=str(ids[first]),
                    last=str(ids[last]),
                    errors=int(stop - start + 1),
                    images=int(places[stop] - places[start] + 1),
                    class_errors=k,
                    p=p,
                )
            )
    return tuple(clusters)


def _densest(places: NDArray[np.intp], n: int) -> tuple[float, int, int]:
    """Likelihood ratio of the densest interval, and the numbers of its first and last error."""
    k = len(places)
    number = np.arange(k)
    inside: FloatArray = np.asarray(number[None, :] - number[:, None] + 1, dtype=np.float64)
    width: FloatArray = np.asarray(places[None, :] - places[:, None] + 1, dtype=np.float64)
    considered = (inside >= _LEAST) & (inside * n > k * width)
    inside, width = np.where(considered, inside, 1.0), np.where(considered, width, 1.0)
    ratio = (
        _term(inside, width)
        + _term(width - inside, width)
        + _term(k - inside, n - width)
        + _term(n - width - k + inside, n - width)
    )
    whole = k * np.log(k / n) + (n - k) * np.log((n - k) / n)
    ratio = np.where(considered, ratio - whole, 0.0)
    start, stop = np.unravel_index(int(ratio.argmax()), ratio.shape)
    return float(ratio[start, stop]), int(start), int(stop)


def _term(count: FloatArray, total: FloatArray) -> FloatArray:
    """Count times the logarithm of its share; 0 where the count is 0."""
    share = np.divide(count, total, out=np.ones_like(count), where=count > 0)
    term: FloatArray = count * np.log(share)
    return term
