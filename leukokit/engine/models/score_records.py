"""Scores as the records of ``metrics.json``: numbers of the evaluation go in, typed records come out."""

from __future__ import annotations

from collections.abc import Mapping

from leukokit.evaluation.calibration import ReliabilityDiagram
from leukokit.evaluation.intervals import LEVEL, BoundedEstimate, Bounds
from leukokit.evaluation.metrics import BoundedScores, PointScores
from leukokit.evaluation.score_intervals import ClassBounds, HeadlineBounds
from leukokit.record.scores import (
    Bin,
    BriefScores,
    Calibration,
    CellInterval,
    ClassIntervals,
    ClassScores,
    Confusion,
    Coverage,
    Interval,
    Measured,
    OperatingPoint,
    PartScores,
    ProtocolScores,
    Reliability,
    ScoreIntervals,
)


def part_scores(
    scored: BoundedScores,
    *,
    calibration: Calibration | None = None,
    operating_point: OperatingPoint | None = None,
    coverage: Coverage | None = None,
    folds: Mapping[str, BriefScores | None] | None = None,
) -> PartScores:
    """Record the scores of one part, with what is known of its probabilities.

    Parameters
    ----------
    folds : mapping of fold name to BriefScores or None, optional
        Scores of each fold, where there are several.
    """
    points = scored.points
    return PartScores(
        n=points.n,
        accuracy=points.accuracy,
        macro_f1=points.macro_f1,
        auc_ovo=points.auc_ovo,
        auc_ovr=points.auc_ovr,
        intervals=_score_intervals(scored.bounds),
        macro_precision=points.macro_precision,
        macro_recall=points.macro_recall,
        per_class=_per_class(scored),
        confusion=_confusion(scored),
        calibration=calibration,
        operating_point=operating_point,
        coverage=coverage,
        folds=folds,
        notes=points.notes,
    )


def protocol_scores(scored: BoundedScores) -> ProtocolScores:
    """Record the scores of one protocol or subgroup."""
    points = scored.points
    return ProtocolScores(
        n=points.n,
        accuracy=points.accuracy,
        macro_f1=points.macro_f1,
        auc_ovo=points.auc_ovo,
        auc_ovr=points.auc_ovr,
        intervals=_score_intervals(scored.bounds),
    )


def brief_scores(points: PointScores) -> BriefScores:
    """Record the scores of one fold."""
    return BriefScores(
        n=points.n,
        accuracy=points.accuracy,
        macro_f1=points.macro_f1,
        auc_ovo=points.auc_ovo,
        auc_ovr=points.auc_ovr,
    )


def reliability_record(diagram: ReliabilityDiagram) -> Reliability:
    """Record how far probabilities agree with how often they are right."""
    bins = tuple(
        Bin(
            low=confidence_bin.low,
            high=confidence_bin.high,
            n=confidence_bin.n,
            confidence=confidence_bin.confidence,
            accuracy=confidence_bin.accuracy,
            accuracy_low=None if confidence_bin.bounds.unknown else confidence_bin.bounds.low,
            accuracy_high=None if confidence_bin.bounds.unknown else confidence_bin.bounds.high,
        )
        for confidence_bin in diagram.bins
    )
    return Reliability(
        ece=diagram.ece,
        ece_low=diagram.ece_low,
        ece_high=diagram.ece_high,
        brier=diagram.brier,
        log_loss=diagram.log_loss,
        accuracy=diagram.accuracy,
        bins=bins,
    )


def measured(estimate: BoundedEstimate | None) -> Measured | None:
    """Record a share or an area with its interval."""
    if estimate is None:
        return None
    bounds = estimate.bounds
    if bounds.unknown:
        return Measured(
            value=estimate.value, n=estimate.n, low=None, high=None, method=None, reason=bounds.unknown
        )
    return Measured(
        value=estimate.value, n=estimate.n, low=bounds.low, high=bounds.high, method=bounds.method
    )


def _interval(bounds: Bounds | None) -> Interval | None:
    if bounds is None:
        return None
    if bounds.unknown:
        return Interval(low=None, high=None, method=None, reason=bounds.unknown)
    return Interval(low=bounds.low, high=bounds.high, method=bounds.method)


def _cell(bounds: Bounds | None) -> CellInterval | None:
    if bounds is None:
        return None
    return (
        CellInterval(low=None, high=None)
        if bounds.unknown
        else CellInterval(low=bounds.low, high=bounds.high)
    )


def _score_intervals(bounds: HeadlineBounds) -> ScoreIntervals:
    return ScoreIntervals(
        level=LEVEL,
        groups=bounds.groups,
        draws=0,
        notes=bounds.notes,
        accuracy=_interval(bounds.accuracy),
        macro_f1=_interval(bounds.macro_f1),
        macro_precision=_interval(bounds.macro_precision),
        macro_recall=_interval(bounds.macro_recall),
        auc_ovo=_interval(bounds.auc_ovo),
        auc_ovr=_interval(bounds.auc_ovr),
    )


def _per_class(scored: BoundedScores) -> dict[str, ClassScores]:
    return {
        name: ClassScores(
            support=points.support,
            predicted=points.predicted,
            precision=points.precision,
            recall=points.recall,
            specificity=points.specificity,
            f1=points.f1,
            auc_ovr=points.auc_ovr,
            intervals=_class_intervals(scored.class_bounds[name]),
        )
        for name, points in scored.points.per_class.items()
    }


def _class_intervals(bounds: ClassBounds) -> ClassIntervals:
    return ClassIntervals(
        precision=_interval(bounds.precision),
        recall=_interval(bounds.recall),
        specificity=_interval(bounds.specificity),
        f1=_interval(bounds.f1),
        auc_ovr=_interval(bounds.auc_ovr),
    )


def _confusion(scored: BoundedScores) -> Confusion:
    return Confusion(
        labels=tuple(scored.points.per_class),
        matrix=scored.points.matrix,
        intervals=tuple(tuple(_cell(cell) for cell in row) for row in scored.cell_bounds),
    )
