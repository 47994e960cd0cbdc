"""Correct a fold's probabilities by what its validation part teaches, where the recipe asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leukokit.api import Part
from leukokit.engine.models.model_stage import FittedFold
from leukokit.errors import DataError
from leukokit.evaluation.calibration import fit_calibration
from leukokit.evaluation.metrics import score_input


def calibrated(fitted: FittedFold) -> FittedFold:
    """Fit ``calibrate`` of the recipe on validation and apply it to every part that was held out.

    The model itself, and what explainers say of it, stay as they were.

    Raises
    ------
    DataError
        Where the fold has no validation part.
    """
    method = fitted.best.recipe.model.calibrate
    if method is None:
        return fitted
    examples = fitted.best.examples.get(Part.VALIDATION)
    if examples is None or examples.labels is None or Part.VALIDATION not in fitted.probabilities:
        raise needs_validation()
    asked = score_input(examples.labels, fitted.probabilities[Part.VALIDATION], fitted.classes)
    found = fit_calibration(method, asked.true, asked.proba, fitted.classes)
    return replace(
        fitted,
        probabilities={part: found.apply(np.asarray(proba)) for part, proba in fitted.probabilities.items()},
        uncalibrated=fitted.probabilities,
        calibration=found,
    )


def needs_validation(split: str = "") -> DataError:
    """Say that there is nothing to calibrate on, and what to do."""
    return DataError(
        "'calibrate' learns from the validation part, and there is none",
        where=f"split {split}" if split else "calibrate",
        hint="Give the split a validation part (split.validation: 0.2, or another named split), "
        "or remove 'calibrate'",
    )
