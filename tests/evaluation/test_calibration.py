"""Calibration is measured as scikit-learn measures it, and learnt from what it is given alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from leukokit.errors import DataError
from leukokit.evaluation.calibration import (
    BINS,
    FittedCalibration,
    ReliabilityDiagram,
    at_edge,
    brier,
    fit_calibration,
    log_loss,
    reliability,
)
from leukokit.evaluation.intervals import Groups, resample

CLASSES = ("Benign", "Early", "Pre", "Pro")


def drawn(seed: int, n: int, *, sure: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw classes from honest probabilities; ``sure`` other than 1 makes what is said of them too sharp."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(n, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = np.array([rng.choice(4, p=row) for row in honest])
    said = np.exp(sure * logits)
    return true, said / said.sum(axis=1, keepdims=True)


def measured(true: np.ndarray, proba: np.ndarray, seed: int = 0) -> ReliabilityDiagram:
    groups = Groups.of(None, len(true))
    return reliability(true, proba, groups, resample(groups, seed=seed, draws=500))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(5, 120))
def test_losses_agree_with_scikit_learn(seed: int, n: int) -> None:
    """Brier score and log loss are those of scikit-learn."""
    true, proba = drawn(seed, n)
    labels = list(range(4))
    assert brier(true, proba) == pytest.approx(
        sk.brier_score_loss(true, proba, labels=labels, scale_by_half=False), abs=1e-12
    )
    assert log_loss(true, proba) == pytest.approx(sk.log_loss(true, proba, labels=labels), abs=1e-12)


def test_certain_and_wrong_costs_much_but_not_infinitely() -> None:
    """A zero for the true class is clipped as in scikit-learn."""
    proba = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert log_loss(np.array([1, 1]), proba) == pytest.approx(sk.log_loss([1, 1], proba, labels=[0, 1]))


def test_bins_agree_with_the_calibration_curve_of_scikit_learn() -> None:
    """Mean confidence and accuracy of each bin, and so the calibration error, are scikit-learn's."""
    true, proba = drawn(1, 500, sure=1.5)
    measures = measured(true, proba)
    right, confidence = proba.argmax(axis=1) == true, proba.max(axis=1)
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    assert [bin_.accuracy for bin_ in measures.bins] == pytest.approx(accuracy)
    assert [bin_.confidence for bin_ in measures.bins] == pytest.approx(mean)
    weights = np.array([bin_.n for bin_ in measures.bins]) / 500
    assert sum(bin_.n for bin_ in measures.bins) == 500
    assert measures.ece == pytest.approx(np.sum(weights * np.abs(accuracy - mean)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 80), sure=st.floats(0.2, 5), size=st.integers(1, 4))
def test_calibration_error_and_its_interval_lie_in_their_range(
    seed: int, n: int, sure: float, size: int
) -> None:
    """0 <= low <= error <= high <= 1, and every bin's accuracy lies in its interval."""
    true, proba = drawn(seed, n, sure=sure)
    groups = Groups.of([str(i // size) for i in range(n)], n)
    measures = reliability(true, proba, groups, resample(groups, seed=seed, draws=200))
    assert 0 <= measures.ece_low <= measures.ece <= measures.ece_high <= 1
    for bin_ in measures.bins:
        assert bin_.low - 1e-9 <= bin_.confidence <= bin_.high + 1e-9
        assert bin_.bounds.low - 1e-9 <= bin_.accuracy <= bin_.bounds.high + 1e-9


def test_an_honest_model_may_be_without_error() -> None:
    """The error of honest probabilities is above 0 by chance; the interval takes the bias off."""
    low = [measured(*drawn(seed, 400)).ece_low for seed in range(20)]
    assert np.mean(np.array(low) < 0.015) > 0.8


def test_temperature_finds_how_much_too_sure_a_model_is() -> None:
    """Logits multiplied by 2.5 need a temperature of 2.5; then log loss and calibration error fall."""
    true, proba = drawn(2, 3000, sure=2.5)
    calibration = fit_calibration("temperature", true, proba, CLASSES)
    assert calibration.temperature == pytest.approx(2.5, rel=0.1)
    new, said = drawn(3, 3000, sure=2.5)
    better = calibration.apply(said)
    assert log_loss(new, better) < log_loss(new, said)
    assert measured(new, better).ece < 0.3 * measured(new, said).ece


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), temperature=st.floats(0.1, 15))
def test_temperature_keeps_the_predicted_class(seed: int, temperature: float) -> None:
    """One number for all logits cannot change their order; rows still sum to 1."""
    _, proba = drawn(seed, 30)
    heated = FittedCalibration("temperature", CLASSES, 30, temperature=temperature).apply(proba)
    assert (heated.argmax(axis=1) == proba.argmax(axis=1)).all()
    assert heated.sum(axis=1) == pytest.approx(np.ones(30))


def test_temperature_minimizes_the_log_loss() -> None:
    """No temperature nearby does better."""
    true, proba = drawn(4, 200, sure=1.7)
    calibration = fit_calibration("temperature", true, proba, CLASSES)
    assert calibration.temperature is not None
    best = log_loss(true, calibration.apply(proba))
    for factor in (0.97, 1.03):
        other = FittedCalibration("temperature", CLASSES, 200, temperature=factor * calibration.temperature)
        assert log_loss(true, other.apply(proba)) > best


def test_temperature_agrees_with_scikit_learn() -> None:
    """Found by another search, so not to the last digit."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(600, 3)), rng.integers(0, 3, 600)
    X[np.arange(600), y] += 1.5
    model = LogisticRegression(C=100).fit(X[:60], y[:60])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(X[60:400], y[60:400])
    ours = fit_calibration("temperature", y[60:400], model.predict_proba(X[60:400]), ("a", "b", "c"))
    assert ours.apply(model.predict_proba(X[400:])) == pytest.approx(theirs.predict_proba(X[400:]), abs=1e-6)


def test_a_part_without_errors_asks_for_the_sharpest_temperature() -> None:
    """Nothing holds it back, and the end of the range is told."""
    true, proba = drawn(5, 100)
    true = proba.argmax(axis=1)
    calibration = fit_calibration("temperature", true, proba, CLASSES)
    assert calibration.temperature is not None
    assert at_edge(calibration.temperature)


def test_isotonic_agrees_with_scikit_learn() -> None:
    """Curves of one class against the rest, rows divided by their sum, as scikit-learn calibrates."""
    from scipy.special import softmax
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression

    class Said(LogisticRegression):
        """Shows probabilities where the calibrator asks for decision values."""

        def decision_function(self, X: np.ndarray) -> np.ndarray:
            return np.asarray(softmax(super().decision_function(X), axis=1))

    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(600, 3)), rng.integers(0, 3, 600)
    X[np.arange(600), y] += 1.5
    model = Said().fit(X[:200], y[:200])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="isotonic").fit(X[200:400], y[200:400])
    ours = fit_calibration("isotonic", y[200:400], model.decision_function(X[200:400]), ("a", "b", "c"))
    assert ours.apply(model.decision_function(X[400:])) == pytest.approx(
        theirs.predict_proba(X[400:]), abs=1e-9
    )


def test_isotonic_leaves_a_class_that_it_has_not_seen() -> None:
    """A validation part without Pro images cannot teach that nothing is Pro."""
    true, proba = drawn(7, 200)
    seen = true != 3
    calibration = fit_calibration("isotonic", true[seen], proba[seen], CLASSES)
    assert calibration.curves[3] is None
    sure = calibration.apply(np.array([[0.01, 0.01, 0.01, 0.97]]))
    assert sure.argmax() == 3


def test_a_row_that_isotonic_empties_stays() -> None:
    """Where every curve says 0 there is nothing to share out, and no division by zero."""
    curve = {"x": [0.0, 0.5, 1.0], "y": [0.0, 0.0, 1.0]}
    empty = FittedCalibration.from_json(
        {"format": 1, "method": "isotonic", "classes": ["a", "b"], "samples": 9, "curves": [curve, curve]}
    )
    assert empty.apply(np.array([[0.5, 0.5]])).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    "content", [{}, {"format": 2, "method": "temperature"}, {"format": 1, "method": "x"}]
)
def test_a_foreign_calibration_is_refused(content: dict) -> None:
    """The error names the file and what to do."""
    with pytest.raises(DataError, match=r"calibration\.json: is no calibration"):
        FittedCalibration.from_json(content)


def test_nothing_to_fit_on_is_an_error() -> None:
    """An empty validation part is told with the way out."""
    with pytest.raises(DataError, match="validation part"):
        fit_calibration("isotonic", np.empty(0, dtype=np.intp), np.empty((0, 4)), CLASSES)
