"""How sure a score is: 95 % intervals that know which samples belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
DRAWS = 2000
FEW_GROUPS = 20


def intervals(
    true: NDArray[np.intp],
    predicted: NDArray[np.intp],
    n_classes: int,
    *,
    groups: Sequence[str] | NDArray[np.str_] | None = None,
    seed: int = 0,
    level: float = LEVEL,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Give intervals of accuracy and macro F1.

    Samples of one group rise and fall together, so whole groups are resampled (percentile bootstrap over
    clusters; Field and Welsh 2007, doi 10.1111/j.1467-9868.2007.00593.x). Where every sample is its own
    group, the accuracy gets the exact binomial interval instead (Clopper and Pearson 1934, doi
    10.1093/biomet/26.4.404).

    Parameters
    ----------
    true, predicted : int array (n,)
        Class numbers, n of 1 or more.
    n_classes : int
        Number of classes.
    groups : sequence of str (n,), optional
        Group of each sample; each its own where omitted.
    seed : int
        Seed of the resampling.
    level : float
        Share of repetitions of the study whose interval would hold the truth.
    draws : int
        Number of resamples.

    Returns
    -------
    dict
        ``level``, ``groups`` (their number), ``draws``, ``accuracy`` and ``macro_f1`` (``low``, ``high``,
        ``method``; bounds None where nothing can be said), ``notes``.
    """
    n = len(true)
    codes = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups = int(codes.max()) + 1
    k = n_classes
    counts = np.zeros((n_groups, k * k), dtype=np.int64)
    np.add.at(counts, (codes, true * k + predicted), 1)
    correct = int(np.sum(true == predicted))
    notes = []
    if n_groups < FEW_GROUPS:
        notes.append(f"{n_groups} groups are few: intervals from so few tend to be too narrow")

    resampled = _resample(counts, draws=draws, seed=seed).reshape(draws, k, k)
    diagonal = np.diagonal(resampled, axis1=1, axis2=2)
    total = resampled.sum(axis=(1, 2))
    tails = [(1 - level) / 2, (1 + level) / 2]

    if n_groups == n or correct in (0, n):
        # Resampling groups that are all right can only give 1: count each group once, which is cautious.
        hits, trials = (correct, n) if n_groups == n else (n_groups if correct else 0, n_groups)
        low, high = clopper_pearson(hits, trials, level=level)
        method = "exact binomial" if n_groups == n else "exact binomial over groups"
    else:
        low, high = (float(bound) for bound in np.quantile(diagonal.sum(axis=1) / total, tails))
        method = "bootstrap over groups"
    accuracy = {"low": low, "high": high, "method": method}

    support, chosen = resampled.sum(axis=2), resampled.sum(axis=1)
    with np.errstate(invalid="ignore"):
        f1 = np.where(support > 0, 2 * diagonal / (support + chosen), np.nan)
    macro = np.nanmean(f1, axis=1)
    f1_low, f1_high = (float(bound) for bound in np.quantile(macro, tails))
    macro_f1: dict[str, Any] = {"low": f1_low, "high": f1_high, "method": "bootstrap over groups"}
    if f1_low == f1_high:
        macro_f1 |= {"low": None, "high": None}
        notes.append("every resample gives the same macro F1: these samples cannot tell how sure it is")
    return {
        "level": level,
        "groups": n_groups,
        "draws": draws,
        "accuracy": accuracy,
        "macro_f1": macro_f1,
        "notes": notes,
    }


def clopper_pearson(hits: int, trials: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Give the exact binomial interval of ``hits`` out of ``trials``."""
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(1 - tail, hits + 1, trials - hits))
    return low, high


def _resample(counts: NDArray[np.int64], *, draws: int, seed: int) -> NDArray[np.int64]:
    """Sum ``counts`` over as many groups as there are, drawn with replacement, ``draws`` times.

    Groups with the same counts are interchangeable, so kinds of group are drawn: a few dozen numbers a draw
    instead of thousands.
    """
    kinds, frequency = np.unique(counts, axis=0, return_counts=True)
    rng = np.random.default_rng([seed, len(counts)])
    drawn = rng.multinomial(len(counts), frequency / len(counts), size=draws)
    return drawn @ kinds
