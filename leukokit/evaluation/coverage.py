"""What a model is worth if it may pass: errors among the images it is sure of, the rest to an expert.

Source: Geifman and El-Yaniv 2017, arXiv 1705.08500; confidence is the highest probability.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.intervals import Groups, proportion

_POINTS = 100
_ABOVE_ALL = float(np.nextafter(1.0, 2.0))


def risk_curve(
    confidence: FloatArray, right: NDArray[np.bool_], limit: int = _POINTS
) -> list[dict[str, float]]:
    """Share of samples kept and share of errors among them, by falling threshold, thinned evenly.

    Parameters
    ----------
    confidence : float64 array (n,)
        A sample is kept where its confidence is the threshold or more; n of 1 or more.
    right : bool array (n,)

    Returns
    -------
    list of dict
        ``threshold``, ``coverage``, ``risk``, all in 0..1; the last point keeps all samples.
    """
    thresholds, coverage, risk = _steps(confidence, right)
    keep = np.arange(len(thresholds))
    if len(keep) > limit:
        # Evenly in coverage, not in steps: equal confidences are one step.
        wanted = np.linspace(coverage[0], 1, limit)
        keep = np.unique(np.searchsorted(coverage, wanted - 1e-12).clip(0, len(keep) - 1))
    return [
        {"threshold": float(thresholds[i]), "coverage": float(coverage[i]), "risk": float(risk[i])}
        for i in keep
    ]


def aurc(confidence: FloatArray, right: NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages 1/n, 2/n ... 1; 0 is best.

    Samples of equal confidence have no order: each counts with the mean error of them all.
    """
    order = np.argsort(-confidence, kind="stable")
    values, code = np.unique(-confidence[order], return_inverse=True)
    wrong = (~right[order]).astype(np.float64)
    shared = np.bincount(code, wrong, minlength=len(values)) / np.bincount(code, minlength=len(values))
    return float(np.mean(np.cumsum(shared[code]) / np.arange(1, len(wrong) + 1)))


def refer_threshold(confidence: FloatArray, right: NDArray[np.bool_], error: float) -> float:
    """Smallest threshold at which no more than so large a share of the kept samples is wrong.

    0 where all can be kept; just above 1 where even the surest are wrong too often, so that none is.
    """
    thresholds, _, risk = _steps(confidence, right)
    good = np.flatnonzero(risk <= error + 1e-12)
    if not len(good):
        return _ABOVE_ALL
    return 0.0 if good[-1] == len(thresholds) - 1 else float(thresholds[good[-1]])


def referral(
    confidence: FloatArray, right: NDArray[np.bool_], threshold: FloatArray, groups: Groups
) -> dict[str, Any]:
    """Say what a threshold does to samples that it was not chosen on.

    Parameters
    ----------
    threshold : float64 array (n,)
        Of each sample: folds have thresholds of their own.

    Returns
    -------
    dict
        ``coverage`` and ``risk`` (``value``, ``low``, ``high``; the risk None where nothing is kept),
        ``referred`` (samples left to an expert), ``errors_kept``, ``errors_referred``.
    """
    kept = confidence >= threshold
    risk = None
    if kept.any():
        bounds = proportion(~right[kept], groups.some(kept))
        risk = {"value": float(np.mean(~right[kept]))} | bounds.json()
    return {
        "coverage": {"value": float(kept.mean())} | proportion(kept, groups).json(),
        "risk": risk,
        "referred": int(np.sum(~kept)),
        "errors_kept": int(np.sum(kept & ~right)),
        "errors_referred": int(np.sum(~kept & ~right)),
    }


def _steps(confidence: FloatArray, right: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Thresholds that change anything, falling, with coverage and risk."""
    order = np.argsort(-confidence, kind="stable")
    ranked, wrong = confidence[order], np.cumsum(~right[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return ranked[last], (last + 1) / len(ranked), wrong[last] / (last + 1)
