"""How far probabilities can be trusted and used: calibration, operating point and referral of one part.

Whatever is chosen is chosen on the validation part of each fold and applied to that fold's test part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Part
from leukokit.engine.images.plan import Item
from leukokit.engine.models.calibration_stage import needs_validation
from leukokit.engine.models.pooled_predictions import HeldOut
from leukokit.evaluation.calibration import METHODS, Method, at_edge, fit_calibration, reliability
from leukokit.evaluation.coverage import aurc, refer_threshold, referral, risk_curve
from leukokit.evaluation.intervals import resample
from leukokit.evaluation.operating_point import (
    MIDDLE,
    choose_threshold,
    negative_classes,
    operating_point,
    positive_score,
)
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.recipe.models import RecipeModel
from leukokit.recipe.statistics import Calibrate

_SAME = "chosen on these very samples, so the numbers are too good; the test part shows what they are worth"


def refuse_impossible(recipe: Recipe, items: Sequence[Item], folds: Sequence[Fold]) -> None:
    """Find before anything runs what calibration and operating point cannot do.

    Raises
    ------
    DataError
        Where ``calibrate`` has no validation part to learn from, or ``operating_point`` an unknown class.
    """
    if recipe.classify is None:
        return
    if recipe.model.calibrate is not None:
        for fold in folds:
            if Part.VALIDATION not in fold.parts.values():
                raise needs_validation(fold.name)
    labels = {item.sample.label for item in items if item.sample.label is not None}
    if labels:
        negative_classes(sorted(labels), recipe.model.operating_point.negative)


def part_statistics(
    rows: HeldOut, validation: HeldOut | None, recipe: RecipeModel, *, seed: int
) -> dict[str, Any]:
    """Give ``calibration``, ``operating_point`` and ``coverage`` of one part.

    Parameters
    ----------
    rows : HeldOut
        The part.
    validation : HeldOut or None
        The validation part of all folds; the very ``rows`` where the part is validation itself.
    recipe : RecipeModel
        Says what is asked for.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict
        Without ``operating_point`` where no class is known to be negative.
    """
    # A threshold for some folds and none for others would mix two things.
    whole = validation is not None and set(rows.folds) <= set(validation.folds)
    chosen = validation if whole else None
    found = {"calibration": _calibration(rows, chosen, recipe.calibrate, seed)}
    asked = recipe.operating_point
    known = [name for name in asked.negative or () if name in rows.classes] if asked.negative else None
    negative = negative_classes(rows.classes, known) if known != [] else ()
    if negative:
        found["operating_point"] = _operating_point(rows, chosen, negative, asked.sensitivity)
    return found | {"coverage": _coverage(rows, chosen, recipe.refer.error)}


def _calibration(
    rows: HeldOut, chosen: HeldOut | None, applied: Calibrate | None, seed: int
) -> dict[str, Any]:
    drawn = resample(rows.clusters, seed=seed)

    def described(proba: FloatArray) -> dict[str, Any]:
        return reliability(rows.codes, proba, rows.clusters, drawn)

    methods = {"none": described(rows.raw)}
    notes: list[str] = []
    temperatures: dict[str, float] = {}
    if chosen is None:
        notes.append("there is no validation part to fit a calibration on")
    elif chosen is rows:
        notes.append("calibrations are fitted on these very samples; the test part shows what they do")
    else:
        for method in METHODS:
            proba, found = _refitted(rows, chosen, method)
            methods[method] = described(proba)
            temperatures |= found
    edge = [each for each in temperatures.values() if at_edge(each)]
    if edge:
        notes.append(
            f"the temperature is at the end of its range ({edge[0]:g}): "
            "the validation part has too few errors to tell it"
        )
    if len(temperatures) > 1:
        low, high = min(temperatures.values()), max(temperatures.values())
        notes.append(f"each fold has a temperature of its own, from {low:.3g} to {high:.3g}")
    return {
        "applied": applied or "none",
        "fitted_on": "validation" if len(methods) > 1 or applied else None,
        "methods": methods,
        "temperature": next(iter(temperatures.values())) if len(temperatures) == 1 else None,
        "temperatures": temperatures if len(temperatures) > 1 else {},
        "notes": notes,
    }


def _refitted(rows: HeldOut, chosen: HeldOut, method: Method) -> tuple[FloatArray, dict[str, float]]:
    """Probabilities under a calibration fitted on each fold's validation part, and its temperatures."""
    proba = rows.raw.copy()
    temperatures = {}
    for fold, here in rows.fold_rows.items():
        there = chosen.fold_rows[fold]
        found = fit_calibration(method, chosen.codes[there], chosen.raw[there], rows.classes)
        proba[here] = found.apply(rows.raw[here])
        if found.temperature is not None:
            temperatures[fold] = found.temperature
    return proba, temperatures


def _operating_point(
    rows: HeldOut, chosen: HeldOut | None, negative: tuple[str, ...], sensitivity: float
) -> dict[str, Any]:
    def scored(part: HeldOut) -> tuple[FloatArray, NDArray[np.bool_]]:
        score = positive_score(part.proba, part.classes, negative)
        return score, ~np.isin(part.true, negative)

    thresholds = None
    if chosen is not None:
        score, ill = scored(chosen)
        thresholds = _chosen(
            rows, chosen, lambda there: choose_threshold(score[there], ill[there], sensitivity)
        )
    notes = []
    if thresholds is None:
        notes.append(
            f"the threshold is fixed at {MIDDLE}: no validation part has positive samples to choose it on"
        )
    elif chosen is rows:
        notes.append(_SAME)
    each = _spread(rows, thresholds) if thresholds else np.full(len(rows.ids), MIDDLE)
    score, ill = scored(rows)
    return {
        "negative": list(negative),
        "positive": [name for name in rows.classes if name not in negative],
        "threshold": median(thresholds.values()) if thresholds else MIDDLE,
        "thresholds": thresholds if thresholds and len(thresholds) > 1 else {},
        "chosen_on": "validation" if thresholds else "fixed",
        "target": {"sensitivity": sensitivity} if thresholds else None,
        "notes": notes,
    } | operating_point(score, ill, each, rows.clusters)


def _coverage(rows: HeldOut, chosen: HeldOut | None, error: float) -> dict[str, Any]:
    def sure(part: HeldOut) -> tuple[FloatArray, NDArray[np.bool_]]:
        return part.proba.max(axis=1), part.proba.argmax(axis=1) == part.codes

    confidence, right = sure(rows)
    found = {"curve": risk_curve(confidence, right), "aurc": aurc(confidence, right), "refer": None}
    if chosen is None:
        return found
    there_confidence, there_right = sure(chosen)
    thresholds = _chosen(
        rows, chosen, lambda there: refer_threshold(there_confidence[there], there_right[there], error)
    )
    if thresholds is None:
        return found
    found["refer"] = {
        "threshold": median(thresholds.values()),
        "thresholds": thresholds if len(thresholds) > 1 else {},
        "chosen_on": "validation",
        "target_risk": error,
        "notes": [_SAME] if chosen is rows else [],
    } | referral(confidence, right, _spread(rows, thresholds), rows.clusters)
    return found


def _chosen(
    rows: HeldOut, chosen: HeldOut, choose: Callable[[NDArray[np.bool_]], float | None]
) -> dict[str, float] | None:
    """Threshold of each fold, by its name; None where one fold cannot tell."""
    found = {fold: choose(chosen.fold_rows[fold]) for fold in rows.fold_rows}
    known = {fold: value for fold, value in found.items() if value is not None}
    return known if len(known) == len(found) else None


def _spread(rows: HeldOut, thresholds: dict[str, float]) -> FloatArray:
    return np.array([thresholds[fold] for fold in rows.folds])
