"""How far probabilities can be trusted and used: calibration, operating point and referral of one part.

Whatever is chosen is chosen on the validation part of each fold and applied to that fold's test part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.engine.models.pooled_predictions import PooledPredictions
from leukokit.engine.models.score_records import measured, reliability_record
from leukokit.engine.pipeline.decisions import Decisions, known_negative
from leukokit.evaluation.calibration import METHODS, Method, at_edge, fit_calibration, reliability
from leukokit.evaluation.coverage import aurc, referral, risk_curve
from leukokit.evaluation.intervals import resample
from leukokit.evaluation.operating_point import MIDDLE, operating_point, positive_score
from leukokit.recipe.models import RecipeModel
from leukokit.recipe.statistics import Calibrate
from leukokit.record.scores import (
    Calibration,
    Coverage,
    CoveragePoint,
    OperatingPoint,
    Referral,
    Reliability,
    RocPoint,
    Target,
)

_SAME = "chosen on these very samples, so the numbers are too good; the test part shows what they are worth"


@dataclass(frozen=True)
class PartStatistics:
    """What is known of the probabilities of one part.

    Attributes
    ----------
    calibration : Calibration
    operating_point : OperatingPoint or None
        None where no class is known to be negative.
    coverage : Coverage
    """

    calibration: Calibration
    operating_point: OperatingPoint | None
    coverage: Coverage


def part_statistics(
    rows: PooledPredictions,
    validation: PooledPredictions | None,
    decisions: Mapping[str, Decisions],
    recipe: RecipeModel,
    *,
    seed: int,
) -> PartStatistics:
    """Tell calibration, operating point and coverage of one part.

    Parameters
    ----------
    rows : PooledPredictions
        The part.
    validation : PooledPredictions or None
        The validation part of all folds; the very ``rows`` where the part is validation itself.
    decisions : mapping of fold name to Decisions
        The thresholds of each fold of ``rows``, as its pipeline has them.
    recipe : RecipeModel
        Says what is asked for.
    seed : int
        Seed of the resampling.
    """
    # A calibration for some folds and none for others would mix two things.
    whole = validation is not None and set(rows.folds) <= set(validation.folds)
    negative = known_negative(recipe.operating_point, rows.classes)
    same_samples = validation is rows
    return PartStatistics(
        calibration=_calibration(rows, validation if whole else None, recipe.calibrate, seed),
        operating_point=_operating_point(
            rows, decisions, negative, recipe.operating_point.sensitivity, same_samples
        )
        if negative
        else None,
        coverage=_coverage(rows, decisions, recipe.refer.error, same_samples),
    )


def _calibration(
    rows: PooledPredictions, validation: PooledPredictions | None, applied: Calibrate | None, seed: int
) -> Calibration:
    drawn = resample(rows.clusters, seed=seed)

    def described(proba: FloatArray) -> Reliability:
        return reliability_record(reliability(rows.codes, proba, rows.clusters, drawn))

    methods = {"none": described(rows.raw)}
    notes: list[str] = []
    temperatures: dict[str, float] = {}
    if validation is None:
        notes.append("there is no validation part to fit a calibration on")
    elif validation is rows:
        notes.append("calibrations are fitted on these very samples; the test part shows what they do")
    else:
        for method in METHODS:
            proba, fitted_temperatures = _refitted(rows, validation, method)
            methods[method] = described(proba)
            temperatures |= fitted_temperatures
    notes += _temperature_notes(temperatures)
    return Calibration(
        applied=applied or "none",
        fitted_on="validation" if len(methods) > 1 or applied else None,
        methods=methods,
        temperature=next(iter(temperatures.values())) if len(temperatures) == 1 else None,
        temperatures=temperatures if len(temperatures) > 1 else {},
        notes=tuple(notes),
    )


def _temperature_notes(temperatures: Mapping[str, float]) -> list[str]:
    notes = []
    at_end = [temperature for temperature in temperatures.values() if at_edge(temperature)]
    if at_end:
        notes.append(
            f"the temperature is at the end of its range ({at_end[0]:g}): "
            "the validation part has too few errors to tell it"
        )
    if len(temperatures) > 1:
        low, high = min(temperatures.values()), max(temperatures.values())
        notes.append(f"each fold has a temperature of its own, from {low:.3g} to {high:.3g}")
    return notes


def _refitted(
    rows: PooledPredictions, validation: PooledPredictions, method: Method
) -> tuple[FloatArray, dict[str, float]]:
    """Probabilities under a calibration fitted on each fold's validation part, and its temperatures."""
    proba = rows.raw.copy()
    temperatures = {}
    for fold, inside in rows.fold_rows.items():
        learn = validation.fold_rows[fold]
        calibration = fit_calibration(method, validation.codes[learn], validation.raw[learn], rows.classes)
        proba[inside] = calibration.apply(rows.raw[inside])
        if calibration.temperature is not None:
            temperatures[fold] = calibration.temperature
    return proba, temperatures


def _operating_point(
    rows: PooledPredictions,
    decisions: Mapping[str, Decisions],
    negative: tuple[str, ...],
    sensitivity: float,
    same_samples: bool,
) -> OperatingPoint:
    thresholds = _of_every_fold({fold: decisions[fold].chosen_point for fold in rows.fold_rows})
    notes = [_SAME] if thresholds and same_samples else []
    if thresholds is None:
        notes = [
            f"the threshold is fixed at {MIDDLE}: no validation part has positive samples to choose it on"
        ]
    score, ill = positive_score(rows.proba, rows.classes, negative), ~np.isin(rows.true, negative)
    each_row = _spread(rows, thresholds) if thresholds else np.full(len(rows.ids), MIDDLE)
    scores = operating_point(score, ill, each_row, rows.clusters)
    return OperatingPoint(
        negative=negative,
        positive=tuple(name for name in rows.classes if name not in negative),
        threshold=median(thresholds.values()) if thresholds else MIDDLE,
        thresholds=thresholds if thresholds and len(thresholds) > 1 else {},
        chosen_on="validation" if thresholds else "fixed",
        target=Target(sensitivity=sensitivity) if thresholds else None,
        sensitivity=measured(scores.sensitivity),
        specificity=measured(scores.specificity),
        ppv=measured(scores.ppv),
        npv=measured(scores.npv),
        auc=measured(scores.auc),
        roc=tuple(
            RocPoint(
                threshold=corner.threshold, sensitivity=corner.sensitivity, specificity=corner.specificity
            )
            for corner in scores.roc
        ),
        notes=tuple(notes),
    )


def _coverage(
    rows: PooledPredictions, decisions: Mapping[str, Decisions], error: float, same_samples: bool
) -> Coverage:
    confidence, right = rows.proba.max(axis=1), rows.proba.argmax(axis=1) == rows.codes
    curve = tuple(
        CoveragePoint(threshold=point.threshold, coverage=point.coverage, risk=point.risk)
        for point in risk_curve(confidence, right)
    )
    thresholds = _of_every_fold({fold: decisions[fold].chosen_refer for fold in rows.fold_rows})
    refer = None if thresholds is None else _referral(rows, right, thresholds, error, same_samples)
    return Coverage(curve=curve, aurc=aurc(confidence, right), refer=refer)


def _referral(
    rows: PooledPredictions,
    right: NDArray[np.bool_],
    thresholds: Mapping[str, float],
    error: float,
    same_samples: bool,
) -> Referral:
    scores = referral(rows.proba.max(axis=1), right, _spread(rows, thresholds), rows.clusters)
    return Referral(
        threshold=median(thresholds.values()),
        thresholds=thresholds if len(thresholds) > 1 else {},
        chosen_on="validation",
        target_risk=error,
        coverage=measured(scores.coverage),
        risk=measured(scores.risk),
        referred=scores.referred,
        errors_kept=scores.errors_kept,
        errors_referred=scores.errors_referred,
        notes=(_SAME,) if same_samples else (),
    )


def _of_every_fold(thresholds: Mapping[str, float | None]) -> dict[str, float] | None:
    """Thresholds by fold; None where one fold has none: some with and some without would mix two things."""
    known = {fold: threshold for fold, threshold in thresholds.items() if threshold is not None}
    return known if len(known) == len(thresholds) else None


def _spread(rows: PooledPredictions, thresholds: Mapping[str, float]) -> FloatArray:
    return np.array([thresholds[fold] for fold in rows.folds])
