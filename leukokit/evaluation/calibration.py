"""Calibration of probabilities: measure it, and correct it by temperature scaling or isotonic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.errors import DataError
from leukokit.evaluation.intervals import LEVEL, Bounds, Groups, proportion

Method = Literal["temperature", "isotonic"]
METHODS: tuple[Method, ...] = ("temperature", "isotonic")

BINS = 15
"""Bins of equal width, as in Guo et al. 2017 (arXiv 1706.04599), so that errors can be compared with it."""

TEMPERATURES = (0.05, 20.0)
"""Search range. Without errors in the validation part the best temperature would be 0."""

_STEPS = 2.0**30
_TINY = float(np.finfo(np.float64).eps)  # as in scikit-learn's log loss


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Samples whose confidence lies between ``low`` and ``high``.

    Attributes
    ----------
    low, high : float
        0..1.
    n : int
        Samples, 1 or more.
    confidence, accuracy : float
        Means, 0..1.
    bounds : Bounds
        Interval of the accuracy.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class ReliabilityDiagram:
    """How far probabilities agree with how often they are right.

    Attributes
    ----------
    ece, ece_low, ece_high : float
        Expected calibration error of the predicted class over bins of equal width, with its interval; 0..1.
    brier, log_loss, accuracy : float
    bins : tuple of ConfidenceBin
        Those that hold samples, by rising confidence.
    """

    ece: float
    ece_low: float
    ece_high: float
    brier: float
    log_loss: float
    accuracy: float
    bins: tuple[ConfidenceBin, ...]


@dataclass(frozen=True)
class Curve:
    """A nondecreasing piecewise linear function through points, constant outside them."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class FittedCalibration:
    """A fitted calibration, which can be saved and applied to further predictions.

    Attributes
    ----------
    method : str
        ``temperature`` or ``isotonic``.
    classes : tuple of str
        Classes, in the order of the columns.
    samples : int
        Number of samples that it was fitted on.
    temperature : float or None
        Above 1 makes probabilities flatter, below 1 sharper; None for other methods.
    curves : tuple of Curve or None
        One per class; None for a class without samples, whose column stays unchanged.
    """

    method: Method
    classes: tuple[str, ...]
    samples: int
    temperature: float | None = None
    curves: tuple[Curve | None, ...] = ()

    def apply(self, proba: FloatArray) -> FloatArray:
        """Calibrate probabilities (n, k); rows still sum to 1."""
        if self.temperature is not None:
            return _apply_temperature(proba, self.temperature)
        columns = [
            proba[:, number] if curve is None else np.interp(proba[:, number], curve.x, curve.y)
            for number, curve in enumerate(self.curves)
        ]
        table = np.stack(columns, axis=1)
        total = table.sum(axis=1, keepdims=True)
        # A row that all curves map to 0 cannot be normalized: it stays unchanged.
        return np.where(total > 0, table / np.where(total > 0, total, 1), proba)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FittedCalibration:
        """Read the content of ``calibration.json``.

        Raises
        ------
        DataError
            Where the content is another format or lacks something.
        """
        try:
            if value["format"] != 1 or value["method"] not in METHODS:
                raise ValueError(f"format {value['format']!r}, method {value['method']!r}")
            curves = tuple(
                None if curve is None else Curve(tuple(map(float, curve["x"])), tuple(map(float, curve["y"])))
                for curve in value.get("curves", ())
            )
            temperature = value.get("temperature")
            return cls(
                method=value["method"],
                classes=tuple(map(str, value["classes"])),
                samples=int(value["samples"]),
                temperature=None if temperature is None else float(temperature),
                curves=curves,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"is no calibration that this version can read: {error}",
                where="calibration.json",
                hint="Run the recipe again",
            ) from error


def fit_calibration(
    method: Method, true: NDArray[np.intp], proba: FloatArray, classes: Sequence[str]
) -> FittedCalibration:
    """Fit a calibration on samples that the model was not fitted on: on validation, never on test.

    Parameters
    ----------
    method : str
        ``temperature``: one number that divides all logits (Guo et al. 2017); predicted classes stay.
        ``isotonic``: a nondecreasing function per class, one against the rest (Zadrozny and Elkan 2002, doi
        10.1145/775047.775151), then rows divided by their sum; it needs more samples, and the predicted class
        can change.
    true : int array (n,)
        Class numbers, n of 1 or more.
    proba : float64 array (n, k)
        Predicted probabilities.

    Raises
    ------
    DataError
        Where there are no samples.
    """
    names = tuple(str(name) for name in classes)
    if not len(true):
        raise DataError(
            "there are no samples to fit a calibration on",
            hint="Give the split a validation part",
        )
    if method == "temperature":
        return FittedCalibration(method, names, len(true), temperature=_temperature(true, proba))
    curves = tuple(_curve(true == number, proba[:, number]) for number in range(len(names)))
    return FittedCalibration(method, names, len(true), curves=curves)


def at_edge(temperature: float) -> bool:
    """Whether a temperature is at an end of the search range."""
    return bool(np.isclose(temperature, TEMPERATURES, rtol=1e-3).any())


def log_loss(true: NDArray[np.intp], proba: FloatArray) -> float:
    """Mean negative logarithm of the true class's probability, natural; 0 is best."""
    return float(-np.mean(np.log(np.clip(proba[np.arange(len(true)), true], _TINY, 1))))


def brier(true: NDArray[np.intp], proba: FloatArray) -> float:
    """Brier score: mean squared error of the probabilities, summed over classes; 0 is best, 2 is worst.

    Source: Brier 1950, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. scikit-learn halves it for two
    classes.
    """
    target = np.eye(proba.shape[1])[true]
    return float(np.mean(np.sum((proba - target) ** 2, axis=1)))


def reliability(
    true: NDArray[np.intp], proba: FloatArray, groups: Groups, drawn: FloatArray
) -> ReliabilityDiagram:
    """Compare the confidence of a model with its accuracy.

    The expected calibration error (ECE) is biased upward, since bins also differ by chance. Whole groups are
    resampled, and the interval is the basic bootstrap interval (2 x estimate - quantile), which corrects the
    bias; it always contains the estimate.

    Parameters
    ----------
    true : int array (n,)
    proba : float64 array (n, k)
    groups : Groups
    drawn : float64 array (draws, groups)
        How often each group was drawn; from :func:`leukokit.evaluation.intervals.resample`.
    """
    confidence = proba.max(axis=1)
    right = proba.argmax(axis=1) == true
    bins = np.clip(np.ceil(confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)
    gaps = np.zeros((groups.count, BINS))
    # Rounded to multiples of 2**-30, sums are exact in any order, whatever the number of threads.
    np.add.at(gaps, (groups.codes, bins), np.round((confidence - right) * _STEPS))
    sizes = np.bincount(groups.codes, minlength=groups.count)
    ece = float(np.abs(gaps.sum(axis=0)).sum() / _STEPS / len(true))
    resampled = np.abs(drawn @ gaps).sum(axis=1) / _STEPS / (drawn @ sizes)
    lower, upper = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return ReliabilityDiagram(
        ece=ece,
        ece_low=float(np.clip(2 * ece - upper, 0, ece)),
        ece_high=float(np.clip(2 * ece - lower, ece, 1)),
        brier=brier(true, proba),
        log_loss=log_loss(true, proba),
        accuracy=float(right.mean()),
        bins=tuple(_bin(number, bins == number, confidence, right, groups) for number in np.unique(bins)),
    )


def _bin(
    number: int, inside: NDArray[np.bool_], confidence: FloatArray, right: NDArray[np.bool_], groups: Groups
) -> ConfidenceBin:
    return ConfidenceBin(
        low=float(number / BINS),
        high=float((number + 1) / BINS),
        n=int(inside.sum()),
        confidence=float(confidence[inside].mean()),
        accuracy=float(right[inside].mean()),
        bounds=proportion(right[inside], groups.subset(inside)),
    )


def _apply_temperature(proba: FloatArray, temperature: float) -> FloatArray:
    logits = np.log(np.maximum(proba, _TINY)) / temperature
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _temperature(true: NDArray[np.intp], proba: FloatArray) -> float:
    # scikit-learn (1.8 and later) finds the same to 2e-8 of any probability. Its range of temperatures is
    # without use where a part has no error: up to exp(10) sharper.
    from scipy.optimize import minimize_scalar

    low, high = np.log(TEMPERATURES)
    minimum = minimize_scalar(
        lambda power: log_loss(true, _apply_temperature(proba, float(np.exp(power)))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(minimum.x))


def _curve(positive: NDArray[np.bool_], values: FloatArray) -> Curve | None:
    from scipy.optimize import isotonic_regression

    if not positive.any():
        return None
    places, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    shares = np.bincount(where, weights=positive) / counts
    heights = np.asarray(isotonic_regression(shares, weights=counts.astype(np.float64)).x)
    # Keep the ends of each constant piece only.
    flat = np.diff(heights) == 0
    kept = np.ones(len(places), dtype=bool)
    kept[1:-1] = ~(flat[:-1] & flat[1:])
    return Curve(tuple(places[kept].tolist()), tuple(heights[kept].tolist()))
