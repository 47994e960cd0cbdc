"""Paired differences of scores on the same images, with intervals that account for groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.auc_influence import AucEstimate, mean_one_vs_one, mean_one_vs_rest
from leukokit.compare.statistics.auc_interval import auc_difference_interval
from leukokit.compare.statistics.tango import tango
from leukokit.evaluation.intervals import DRAWS, LEVEL, Groups
from leukokit.evaluation.metrics import Scored, confusion, macro_f1
from leukokit.evaluation.strata import CANNOT_TELL


@dataclass(frozen=True)
class PairedDifference:
    """One score of two classifiers on the same images.

    Attributes
    ----------
    first, second : float or None
        The scores; None where they are undefined.
    low, high : float or None
        Interval of second minus first; None where it cannot be estimated.
    method : str
        Method of the interval.
    """

    first: float | None
    second: float | None
    low: float | None
    high: float | None
    method: str

    @property
    def unknown(self) -> str:
        """Why the groups of a class are too few for an interval; empty where they are not."""
        return self.method if self.method.startswith(CANNOT_TELL) else ""

    @property
    def difference(self) -> float | None:
        """Second minus first."""
        return None if self.first is None or self.second is None else self.second - self.first


def paired_differences(
    first: Scored,
    second: Scored,
    codes: NDArray[np.intp],
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """Compare accuracy, macro F1 and both AUCs, by the functions below.

    Parameters
    ----------
    first, second : Scored
        The same images in the same order, the same classes.
    codes : int array (n,)
        Group of each image, numbered from 0 without gaps.
    level : float
        Confidence level.
    draws : int
        Number of resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict of str to PairedDifference
        ``accuracy``, ``macro_f1``, ``auc_ovo``, ``auc_ovr``. Without intervals where a class has too few
        groups; the method says so.
    """
    found = {
        "accuracy": accuracy_difference(first, second, codes, level=level),
        "macro_f1": macro_f1_difference(first, second, codes, level=level, draws=draws, seed=seed),
        "auc_ovo": auc_difference(mean_one_vs_one(first, codes), mean_one_vs_one(second, codes), level=level),
        "auc_ovr": auc_difference(
            mean_one_vs_rest(first, codes), mean_one_vs_rest(second, codes), level=level
        ),
    }
    unknown = Groups.of(codes.astype(str), len(codes), np.array(first.classes)[first.true]).unknown_of_a_class
    if not unknown:
        return found
    return {name: replace(one, low=None, high=None, method=unknown) for name, one in found.items()}


def accuracy_difference(
    first: Scored, second: Scored, codes: NDArray[np.intp], *, level: float = LEVEL
) -> PairedDifference:
    """Compare accuracies: Tango's interval, all counts divided by the design effect of the groups.

    Source of the division: Rao and Scott 1992, doi 10.2307/2532311.
    """
    a, b = first.predicted == first.true, second.predicted == second.true
    n = len(a)
    grouped = int(codes.max()) + 1 < n
    effect = design_effect(b.astype(np.float64) - a, codes) if grouped else 1.0
    low, high = tango(int(np.sum(a & ~b)) / effect, int(np.sum(b & ~a)) / effect, n / effect, level=level)
    method = "Tango score, divided by the design effect of groups" if grouped else "Tango score"
    return PairedDifference(float(a.mean()), float(b.mean()), low, high, method)


def design_effect(values: FloatArray, codes: NDArray[np.intp]) -> float:
    """Design effect, at least 1: variance of a mean of grouped values over that of independent values.

    Where all values are equal, it cannot be estimated: each group then counts as one image.
    """
    centered = values - values.mean()
    alone = float(np.sum(centered**2))
    sums = np.bincount(codes, weights=centered)
    n_groups = len(sums)
    if alone == 0 or n_groups < 2:
        return len(values) / n_groups
    return max(1.0, n_groups / (n_groups - 1) * float(np.sum(sums**2)) / alone)


def macro_f1_difference(
    first: Scored,
    second: Scored,
    codes: NDArray[np.intp],
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> PairedDifference:
    """Compare macro F1 by a bootstrap over groups, with the same resamples for both classifiers.

    The percentile interval is widened for few groups (Hesterberg 2015, doi 10.1080/00031305.2015.1089789).
    """
    n_groups = int(codes.max()) + 1
    low = high = None
    if n_groups > 1:
        rng = np.random.default_rng([seed, n_groups])
        # As floats the product of whole numbers is exact and ten times faster.
        drawn = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=draws).astype(np.float64)
        gaps = _macro_f1_of_draws(second, codes, drawn) - _macro_f1_of_draws(first, codes, drawn)
        tail = _widened_tail(level, n_groups)
        low, high = (float(bound) for bound in np.quantile(gaps, [tail, 1 - tail]))
        if low == high:  # all resamples equal: the interval cannot be estimated
            low = high = None
    return PairedDifference(
        macro_f1(confusion(first)), macro_f1(confusion(second)), low, high, "bootstrap over groups"
    )


def auc_difference(
    first: AucEstimate | None, second: AucEstimate | None, *, level: float = LEVEL
) -> PairedDifference:
    """Compare two AUCs by the influences of groups; see :func:`auc_difference_interval`."""
    method = "influence of groups"
    if first is None or second is None:
        return PairedDifference(None, None, None, None, method)
    bounds = auc_difference_interval(first, second, level=level)
    low, high = bounds if bounds is not None else (None, None)
    return PairedDifference(first.value, second.value, low, high, method)


def _macro_f1_of_draws(scored: Scored, codes: NDArray[np.intp], drawn: FloatArray) -> FloatArray:
    """Macro F1 of each resample over its classes, as ``metrics.macro_f1``."""
    k = len(scored.classes)
    counts = np.zeros((drawn.shape[1], k * k))
    np.add.at(counts, (codes, scored.true * k + scored.predicted), 1)
    matrices = (drawn @ counts).reshape(len(drawn), k, k)
    support, chosen = matrices.sum(axis=2), matrices.sum(axis=1)
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    f1 = np.where(support > 0, 2 * hits / np.maximum(support + chosen, 1), np.nan)
    return np.asarray(np.nanmean(f1, axis=1))


def _widened_tail(level: float, n_groups: int) -> float:
    from scipy.stats import norm, t

    reach = np.sqrt(n_groups / (n_groups - 1)) * t.ppf((1 + level) / 2, n_groups - 1)
    return float(norm.sf(reach))
