"""Operating point: one threshold on the total probability of all classes that are not healthy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.errors import DataError
from leukokit.evaluation.auc import mean_auc, one_vs_rest_task
from leukokit.evaluation.intervals import BoundedEstimate, Groups, proportion

NEGATIVE_NAMES = ("benign", "normal", "healthy", "negative", "control", "hem")
"""Class names, in upper or lower case, that count as healthy where a recipe names none."""

MIDDLE = 0.5
"""Threshold without a validation part to choose one on."""

_ABOVE_ALL = float(np.nextafter(1.0, 2.0))
_POINTS = 200


@dataclass(frozen=True, slots=True)
class RocCorner:
    """A corner of a ROC curve: what the threshold, 0..1, gives."""

    threshold: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True, slots=True)
class OperatingPointScores:
    """What a threshold does on samples that it was not chosen on.

    Attributes
    ----------
    sensitivity, specificity, ppv, npv : BoundedEstimate or None
        None where the denominator of the share is 0.
    auc : BoundedEstimate or None
        None where the samples are of one side only.
    roc : tuple of RocCorner
        At most 200, by decreasing threshold; empty without an AUC.
    """

    sensitivity: BoundedEstimate | None
    specificity: BoundedEstimate | None
    ppv: BoundedEstimate | None
    npv: BoundedEstimate | None
    auc: BoundedEstimate | None
    roc: tuple[RocCorner, ...]


def negative_classes(classes: Sequence[str], asked: Sequence[str] | None) -> tuple[str, ...]:
    """Find the negative (healthy) classes: those asked for, else those with a name of ``NEGATIVE_NAMES``.

    Raises
    ------
    DataError
        Where a class asked for does not exist, or none is left to be positive.
    """
    where = "operating_point.negative"
    if asked is None:
        negative = tuple(name for name in classes if name.casefold() in NEGATIVE_NAMES)
        return negative if len(negative) < len(classes) else ()
    for name in asked:
        if name not in classes:
            raise DataError(
                f"there is no class {name!r}", where=where, hint=f"The classes are {', '.join(classes)}"
            )
    if len(set(asked)) >= len(classes):
        raise DataError(
            "every class is negative: nothing is left to find",
            where=where,
            hint=f"Leave at least one of {', '.join(classes)} out",
        )
    return tuple(name for name in classes if name in asked)


def positive_score(proba: FloatArray, classes: Sequence[str], negative: Sequence[str]) -> FloatArray:
    """Probability that a sample is of none of the negative classes."""
    columns = [number for number, name in enumerate(classes) if name in negative]
    return np.asarray(np.clip(1 - proba[:, columns].sum(axis=1), 0, 1))


def choose_threshold(score: FloatArray, positive: NDArray[np.bool_], sensitivity: float) -> float | None:
    """Choose the threshold of highest specificity with at least this sensitivity; None without positives.

    The largest threshold with this sensitivity has the highest specificity. Lower thresholds, down to the
    next negative, have the same specificity and a higher sensitivity, so the middle of that gap is taken.
    (Otherwise a network without errors in validation would miss one positive in twenty at 95 %.)

    Parameters
    ----------
    score : float64 array (n,)
        A sample is predicted positive where its score is at least the threshold.
    positive : bool array (n,)
    sensitivity : float
        Share to reach, above 0 and up to 1.
    """
    ranked = np.sort(score[positive])[::-1]
    if not len(ranked):
        return None
    needed = int(np.ceil(sensitivity * len(ranked) - 1e-9))
    largest = ranked[max(needed, 1) - 1]
    below = score[~positive & (score < largest)]
    if not len(below):
        return float(ranked[-1])
    negative = float(below.max())
    lowest = float(ranked[ranked > negative].min())
    middle = negative + (lowest - negative) / 2
    return middle if middle > negative else lowest  # no float lies between adjacent ones


def operating_point(
    score: FloatArray, positive: NDArray[np.bool_], threshold: FloatArray, groups: Groups
) -> OperatingPointScores:
    """Compute sensitivity, specificity and more for samples that the threshold was not chosen on.

    Parameters
    ----------
    score : float64 array (n,)
    positive : bool array (n,)
    threshold : float64 array (n,)
        Threshold of each sample, since folds have different thresholds.
    groups : Groups
    """
    called = score >= threshold
    task = one_vs_rest_task(positive, score)
    return OperatingPointScores(
        sensitivity=_share(positive, called, groups),
        specificity=_share(~positive, ~called, groups),
        ppv=_share(called, positive, groups),
        npv=_share(~called, ~positive, groups),
        auc=None if task is None else BoundedEstimate(*mean_auc([task], groups)),
        roc=() if task is None else roc_points(score, positive),
    )


def roc_points(score: FloatArray, positive: NDArray[np.bool_], limit: int = _POINTS) -> tuple[RocCorner, ...]:
    """Sensitivity and specificity by decreasing threshold, at most ``limit`` points with both ends."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores are one step
    true_positives = np.cumsum(hits)[last] / hits.sum()
    wrong = np.cumsum(~hits)[last] / (~hits).sum()
    thresholds = np.append(_ABOVE_ALL, ranked[last])
    sensitivity, specificity = np.append(0.0, true_positives), 1 - np.append(0.0, wrong)
    # Points inside a horizontal or vertical segment add nothing: keep corners only.
    keep = _corners(sensitivity, specificity)
    if len(keep) > limit:
        keep = keep[np.unique(np.linspace(0, len(keep) - 1, limit).round().astype(np.intp))]
    return tuple(RocCorner(float(thresholds[i]), float(sensitivity[i]), float(specificity[i])) for i in keep)


def _corners(sensitivity: FloatArray, specificity: FloatArray) -> NDArray[np.intp]:
    inner = np.ones(len(sensitivity), dtype=bool)
    rise, run = np.diff(sensitivity), np.diff(specificity)
    straight = ((rise[:-1] == 0) & (rise[1:] == 0)) | ((run[:-1] == 0) & (run[1:] == 0))
    inner[1:-1] = ~straight
    return np.flatnonzero(inner)


def _share(rows: NDArray[np.bool_], hits: NDArray[np.bool_], groups: Groups) -> BoundedEstimate | None:
    if not rows.any():
        return None
    bounds = proportion(hits[rows], groups.subset(rows))
    return BoundedEstimate(float(hits[rows].mean()), bounds, int(rows.sum()))
