"""From the probabilities of a group's images (of a patient, a slide) to those of the group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.calibration import log_loss
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import Scored, confusion, macro_f1

Way = Literal["mean", "vote", "top_k", "noisy_or"]
Criterion = Literal["log_loss", "macro_f1"]


@dataclass(frozen=True, slots=True)
class Combination:
    """One way to combine.

    Attributes
    ----------
    way : str
        ``mean``: mean probability of each class. ``vote``: share of the images that were given the class,
        with the mean probability as one vote more, so that no share is 0 and no two are equal by chance.
        ``top_k``: mean of the ``k`` highest probabilities of each class, made to sum to 1. ``noisy_or``: the
        group is healthy where every image is, as if they were independent; what is left is shared among the
        other classes by the probability that any image shows them.
    k : int
        For ``top_k``; all images where a group has fewer.
    negative : tuple of int
        Columns of the healthy classes, for ``noisy_or``.

    Notes
    -----
    Mean, vote and largest values of instances are compared in Campanella et al. 2019, doi
    10.1038/s41591-019-0508-1, and Ilse et al. 2018, arXiv 1802.04712. Noisy-or: Pearl 1988; for bags of
    instances Viola, Platt and Zhang 2005. Images of a patient are not independent, so that noisy-or calls
    a patient with many images ill more readily.
    """

    way: Way
    k: int = 5
    negative: tuple[int, ...] = ()

    def apply(self, proba: FloatArray, groups: Groups) -> FloatArray:
        """Combine the rows of each group.

        Parameters
        ----------
        proba : float64 array (n, c)
            Probabilities of the images, rows sum to 1.
        groups : Groups
            Group of each row.

        Returns
        -------
        float64 array (g, c)
            One row a group, in the order of their numbers; rows sum to 1.
        """
        ways: Mapping[Way, Callable[[FloatArray, Groups], FloatArray]] = {
            "mean": _mean,
            "vote": _vote,
            "top_k": self._top_k,
            "noisy_or": self._noisy_or,
        }
        return ways[self.way](np.asarray(proba, dtype=np.float64), groups)

    def _top_k(self, proba: FloatArray, groups: Groups) -> FloatArray:
        kept = np.zeros_like(proba)
        for column in range(proba.shape[1]):
            order = np.lexsort((-proba[:, column], groups.codes))
            codes = groups.codes[order]
            place = np.arange(len(order)) - np.searchsorted(codes, codes)  # rank within the group, from 0
            first = order[place < self.k]
            kept[first, column] = proba[first, column]
        taken = np.minimum(_sizes(groups), self.k)
        return _to_one(groups.sums(kept) / taken[:, None])

    def _noisy_or(self, proba: FloatArray, groups: Groups) -> FloatArray:
        negative = np.isin(np.arange(proba.shape[1]), self.negative)
        with np.errstate(divide="ignore"):
            healthy = np.exp(groups.sums(np.log(np.clip(proba[:, negative].sum(axis=1), 0, 1))))
            none = np.exp(groups.sums(np.log1p(-np.clip(proba, 0, 1))))
        shown = np.where(negative, _mean(proba, groups), 1 - none)
        total = np.where(negative, healthy[:, None], 1 - healthy[:, None])
        for side in (negative, ~negative):
            shown[:, side] = _to_one(shown[:, side])
        return _to_one(shown * total)


def _mean(proba: FloatArray, groups: Groups) -> FloatArray:
    return groups.sums(proba) / _sizes(groups)[:, None]


def _vote(proba: FloatArray, groups: Groups) -> FloatArray:
    votes = np.zeros_like(proba)
    votes[np.arange(len(proba)), proba.argmax(axis=1)] = 1
    return (groups.sums(votes) + _mean(proba, groups)) / (_sizes(groups)[:, None] + 1)


def _sizes(groups: Groups) -> NDArray[np.intp]:
    return np.bincount(groups.codes, minlength=groups.count)


def _to_one(rows: FloatArray) -> FloatArray:
    """Make every row sum to 1; where all are 0, equal shares."""
    total = rows.sum(axis=1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1), 1 / max(1, rows.shape[1]))


def group_score(criterion: Criterion, scored: Scored) -> float:
    """Score the answers of groups: log loss (low is good) or macro F1 (high is good)."""
    if criterion == "log_loss":
        return log_loss(scored.true, scored.proba)
    return macro_f1(confusion(scored))


def best_way(criterion: Criterion, values: Sequence[float]) -> int:
    """Tell which of several values of :func:`group_score` is the best; the first of equals."""
    return int(np.argmin(values) if criterion == "log_loss" else np.argmax(values))
