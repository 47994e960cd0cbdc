"""Selective classification: a model refers images of low confidence to an expert; errors among the rest.

Source: Geifman and El-Yaniv 2017, arXiv 1705.08500; confidence is the highest probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.intervals import BoundedEstimate, Groups, proportion

_POINTS = 100
_ABOVE_ALL = float(np.nextafter(1.0, 2.0))


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """A threshold on the confidence, the share of samples kept by it, and of errors among them; all 0..1."""

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class ReferralScores:
    """What a threshold on the confidence does on samples that it was not chosen on.

    Attributes
    ----------
    coverage : BoundedEstimate
        Share of samples that are kept.
    risk : BoundedEstimate or None
        Share of the kept that is wrong; None where nothing is kept.
    referred, errors_kept, errors_referred : int
        Samples left to an expert, and errors among the kept and the referred.
    """

    coverage: BoundedEstimate
    risk: BoundedEstimate | None
    referred: int
    errors_kept: int
    errors_referred: int


def risk_curve(
    confidence: FloatArray, right: NDArray[np.bool_], limit: int = _POINTS
) -> tuple[RiskPoint, ...]:
    """Coverage (share of samples kept) and risk (share of errors among them) by decreasing threshold.

    Parameters
    ----------
    confidence : float64 array (n,)
        A sample is kept where its confidence is the threshold or more; n of 1 or more.
    right : bool array (n,)

    Returns
    -------
    tuple of RiskPoint
        At most ``limit``; the last keeps all samples.
    """
    thresholds, coverage, risk = _steps(confidence, right)
    keep = np.arange(len(thresholds))
    if len(keep) > limit:
        # Points at even coverage, since samples of equal confidence are one step.
        wanted = np.linspace(coverage[0], 1, limit)
        keep = np.unique(np.searchsorted(coverage, wanted - 1e-12).clip(0, len(keep) - 1))
    return tuple(RiskPoint(float(thresholds[i]), float(coverage[i]), float(risk[i])) for i in keep)


def aurc(confidence: FloatArray, right: NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages 1/n, 2/n ... 1; 0 is best.

    Samples of equal confidence are not ordered: each counts with their mean error.
    """
    order = np.argsort(-confidence, kind="stable")
    values, code = np.unique(-confidence[order], return_inverse=True)
    wrong = (~right[order]).astype(np.float64)
    shared = np.bincount(code, wrong, minlength=len(values)) / np.bincount(code, minlength=len(values))
    return float(np.mean(np.cumsum(shared[code]) / np.arange(1, len(wrong) + 1)))


def refer_threshold(confidence: FloatArray, right: NDArray[np.bool_], error: float) -> float:
    """Smallest threshold at which the share of errors among the kept samples is at most ``error``.

    0 where all samples can be kept; just above 1, so that none is kept, where no threshold is enough.
    """
    thresholds, _, risk = _steps(confidence, right)
    good = np.flatnonzero(risk <= error + 1e-12)
    if not len(good):
        return _ABOVE_ALL
    return 0.0 if good[-1] == len(thresholds) - 1 else float(thresholds[good[-1]])


def referral(
    confidence: FloatArray, right: NDArray[np.bool_], threshold: FloatArray, groups: Groups
) -> ReferralScores:
    """Compute coverage and risk of a threshold on samples that it was not chosen on.

    Parameters
    ----------
    threshold : float64 array (n,)
        Threshold of each sample, since folds have different thresholds.
    """
    kept = confidence >= threshold
    risk = None
    if kept.any():
        bounds = proportion(~right[kept], groups.subset(kept))
        risk = BoundedEstimate(float(np.mean(~right[kept])), bounds)
    return ReferralScores(
        coverage=BoundedEstimate(float(kept.mean()), proportion(kept, groups)),
        risk=risk,
        referred=int(np.sum(~kept)),
        errors_kept=int(np.sum(kept & ~right)),
        errors_referred=int(np.sum(~kept & ~right)),
    )


def _steps(confidence: FloatArray, right: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct thresholds in decreasing order, with coverage and risk."""
    order = np.argsort(-confidence, kind="stable")
    ranked, wrong = confidence[order], np.cumsum(~right[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return ranked[last], (last + 1) / len(ranked), wrong[last] / (last + 1)
