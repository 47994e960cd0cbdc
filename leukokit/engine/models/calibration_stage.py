"""Calibration, where the recipe asks for it, and thresholds: what a fold learns from its validation part."""

from __future__ import annotations

from dataclasses import replace

from leukokit.api import Part
from leukokit.engine.models.feasible import needs_validation
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.pipeline.decisions import decide
from leukokit.engine.unlike.fit import HeldOut, fitted_unlike
from leukokit.evaluation.calibration import fit_calibration
from leukokit.evaluation.metrics import score_input


def calibrated(fitted: FittedFold) -> FittedFold:
    """Fit ``calibrate`` of the recipe on validation and apply it to every part that was held out.

    The model itself and its explanations do not change.

    Raises
    ------
    DataError
        Where the fold has no validation part.
    """
    method = fitted.best.recipe.model.calibrate
    if method is None:
        return fitted
    examples = fitted.best.examples.get(Part.VALIDATION)
    if examples is None or Part.VALIDATION not in fitted.probabilities:
        raise needs_validation()
    validation = score_input(examples.labels, fitted.probabilities[Part.VALIDATION], fitted.classes)
    calibration = fit_calibration(method, validation.true, validation.proba, fitted.classes)
    pipeline = replace(fitted.pipeline, calibration=calibration)
    return replace(
        fitted,
        pipeline=pipeline,
        probabilities={part: pipeline.calibrated(proba) for part, proba in fitted.probabilities.items()},
        uncalibrated=fitted.probabilities,
    )


def decided(fitted: FittedFold) -> FittedFold:
    """Choose on validation, after any calibration, where to part ill from healthy and what to refer."""
    examples = fitted.best.examples.get(Part.VALIDATION)
    validation = None
    if examples is not None and Part.VALIDATION in fitted.probabilities:
        validation = examples.labels, fitted.probabilities[Part.VALIDATION]
    decisions = decide(fitted.best.recipe.model, fitted.classes, validation)
    pipeline = replace(
        fitted.pipeline,
        operating_point=decisions.operating_point,
        refer=decisions.refer,
        tested=Part.TEST in fitted.probabilities,
    )
    return replace(fitted, pipeline=pipeline)


def compared(fitted: FittedFold, held_out: HeldOut | None) -> FittedFold:
    """Choose from where on an image is unlike the training data, where the recipe asks for it."""
    spec = fitted.best.recipe.model.unlike
    if spec is None or held_out is None:
        return fitted
    unlike = fitted_unlike(held_out, held_out.choosing(), spec.false_alarms)
    return replace(fitted, held_out=held_out, pipeline=replace(fitted.pipeline, unlike=unlike))
