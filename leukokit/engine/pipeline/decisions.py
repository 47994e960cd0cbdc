"""Decisions from probabilities: ill or healthy, keep or leave to an expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.evaluation.coverage import refer_threshold
from leukokit.evaluation.operating_point import (
    MIDDLE,
    choose_threshold,
    negative_classes,
    positive_score,
)
from leukokit.recipe.models import RecipeModel
from leukokit.recipe.statistics import OperatingPointSpec


class Decision(StrEnum):
    """What becomes of a prediction."""

    ACCEPT = "accept"
    REFER = "refer"
    """The model is not sure: left to an expert."""
    UNLIKE = "unlike"
    """Unlike the training data: what the model says of it was never tested."""


@dataclass(frozen=True)
class FittedOperatingPoint:
    """The threshold between ill and healthy.

    Attributes
    ----------
    negative : tuple of str
        Classes that count as healthy.
    threshold : float
        An image is positive where the probability of all other classes together is this or more.
    sensitivity : float or None
        The sensitivity that the threshold reaches on the validation part; None where there were no positives
        to choose it on, and the threshold is 0.5.
    """

    negative: tuple[str, ...]
    threshold: float
    sensitivity: float | None

    def positive(self, proba: FloatArray, classes: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which rows of probabilities (n, k) are called ill."""
        return positive_score(proba, classes, self.negative) >= self.threshold


@dataclass(frozen=True)
class FittedReferral:
    """The threshold below which an image is left to an expert.

    Attributes
    ----------
    threshold : float
        An image is kept where its highest probability is this or more.
    error : float
        Share of errors that it allows among the images kept, on validation.
    """

    threshold: float
    error: float

    def refers(self, proba: FloatArray) -> NDArray[np.bool_]:
        """Tell which rows of probabilities (n, k) are left to an expert."""
        return np.asarray(proba.max(axis=1) < self.threshold)


@dataclass(frozen=True)
class Decisions:
    """The thresholds of one fold.

    Attributes
    ----------
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where there was no validation part to choose it on.
    """

    operating_point: FittedOperatingPoint | None
    refer: FittedReferral | None

    @property
    def chosen_point(self) -> float | None:
        """Threshold between ill and healthy; None where no validation part determined it."""
        point = self.operating_point
        return None if point is None or point.sensitivity is None else point.threshold

    @property
    def chosen_refer(self) -> float | None:
        """Threshold below which an image is left to an expert; None without a validation part."""
        return None if self.refer is None else self.refer.threshold


def decide(
    recipe: RecipeModel, classes: Sequence[str], validation: tuple[NDArray[np.str_], FloatArray] | None
) -> Decisions:
    """Choose both thresholds as the recipe asks; takes what :func:`choose_operating_point` takes."""
    return Decisions(
        choose_operating_point(recipe.operating_point, classes, validation),
        choose_referral(recipe.refer.error, classes, validation),
    )


def known_negative(spec: OperatingPointSpec, classes: Sequence[str]) -> tuple[str, ...]:
    """Classes of a model that count as healthy; empty where it has none of them."""
    if spec.negative is None:
        return negative_classes(classes, None)
    known = [name for name in spec.negative if name in classes]
    return negative_classes(classes, known) if known else ()


def choose_operating_point(
    spec: OperatingPointSpec, classes: Sequence[str], validation: tuple[NDArray[np.str_], FloatArray] | None
) -> FittedOperatingPoint | None:
    """Choose the threshold on the validation part, after calibration.

    Parameters
    ----------
    spec : OperatingPointSpec
        The section of the recipe.
    classes : sequence of str (k,)
    validation : pair of str array (n,) and float64 array (n, k), or None
        True classes and probabilities; None where there is no validation part.

    Returns
    -------
    FittedOperatingPoint or None
        None where no class is known to be healthy.
    """
    negative = known_negative(spec, classes)
    if not negative:
        return None
    threshold = None
    if validation is not None:
        true, proba = validation
        score = positive_score(proba, classes, negative)
        threshold = choose_threshold(score, ~np.isin(true, negative), spec.sensitivity)
    if threshold is None:
        return FittedOperatingPoint(negative, MIDDLE, None)
    return FittedOperatingPoint(negative, threshold, spec.sensitivity)


def choose_referral(
    error: float, classes: Sequence[str], validation: tuple[NDArray[np.str_], FloatArray] | None
) -> FittedReferral | None:
    """Choose the threshold on the validation part; takes what :func:`choose_operating_point` takes."""
    if validation is None:
        return None
    true, proba = validation
    right = np.asarray(classes, dtype=np.str_)[proba.argmax(axis=1)] == true
    return FittedReferral(refer_threshold(proba.max(axis=1), right, error), error)
