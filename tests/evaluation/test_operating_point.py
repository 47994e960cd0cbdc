"""A threshold between ill and healthy, chosen on one part and judged on another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_score, recall_score, roc_auc_score, roc_curve

from leukokit.errors import DataError
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.operating_point import (
    NEGATIVE_NAMES,
    choose_threshold,
    negative_classes,
    operating_point,
    positive_score,
    roc_points,
)
from leukokit.recipe.statistics import OperatingPointSpec

CLASSES = ("Benign", "Early", "Pre", "Pro")


def part(seed: int, n: int, steps: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores in 0..1, with ties where steps are few, and which samples are positive."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 3 > 0
    score = np.round(rng.beta(np.where(positive, 4, 1), np.where(positive, 1, 3)) * steps) / steps
    return score, positive


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (CLASSES, ("Benign",)),
        (("ALL", "HEM"), ("HEM",)),
        (("blast", "healthy", "normal"), ("healthy", "normal")),
        (("a", "b"), ()),
        (("normal", "healthy"), ()),
    ],
)
def test_negative_classes_are_known_by_name(classes: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Benign, normal, hem and so on count as healthy; without one, or no other, there is none."""
    assert negative_classes(classes, None) == expected


def test_unknown_negative_class_is_told_with_those_that_exist() -> None:
    """A misspelt class is an error that lists the classes; so is a recipe that leaves no positive one."""
    with pytest.raises(DataError, match=r"(?s)there is no class 'Bening'.*Benign, Early, Pre, Pro"):
        negative_classes(CLASSES, ["Bening"])
    with pytest.raises(DataError, match="every class is negative"):
        negative_classes(("a", "b"), ["a", "b"])


def test_score_is_what_negative_classes_leave() -> None:
    """1 minus the probabilities of all negative classes."""
    proba = np.array([[0.2, 0.3, 0.1, 0.4]])
    assert positive_score(proba, CLASSES, ("Benign", "Pre")) == pytest.approx([0.7])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 5000),
    n=st.integers(3, 80),
    steps=st.sampled_from([3, 10, 1000]),
    wanted=st.sampled_from([0.5, 0.8, 0.95, 1.0]),
)
def test_threshold_reaches_the_sensitivity_at_the_best_specificity(
    seed: int, n: int, steps: int, wanted: float
) -> None:
    """No threshold that calls enough positives calls fewer negatives; at that, none calls more positives."""
    score, positive = part(seed, n, steps)
    threshold = choose_threshold(score, positive, wanted)
    assert threshold is not None

    def rates(at: float) -> tuple[float, float]:
        return float(np.mean(score[positive] >= at)), float(np.mean(score[~positive] < at))

    sensitivity, specificity = rates(threshold)
    assert sensitivity >= wanted - 1e-9
    able = [rates(at) for at in np.append(score, 2.0) if rates(at)[0] >= wanted - 1e-9]
    assert specificity >= max(spec for _, spec in able) - 1e-12
    assert sensitivity >= max(sens for sens, spec in able if spec >= specificity - 1e-12) - 1e-12


def test_threshold_lies_in_the_middle_of_a_gap() -> None:
    """Nineteen in twenty are found by 0.9; missing the last at 0.6 gains nothing over the healthy at 0.2."""
    score = np.array([0.9] * 19 + [0.6] + [0.2] * 5)
    positive = np.arange(25) < 20
    assert choose_threshold(score, positive, 0.95) == pytest.approx(0.4)


def test_without_positives_there_is_no_threshold() -> None:
    """A validation part of healthy samples alone cannot say where to cut."""
    assert choose_threshold(np.array([0.1, 0.2]), np.zeros(2, dtype=bool), 0.95) is None


def test_shares_agree_with_scikit_learn() -> None:
    """Sensitivity, specificity and both predictive values, with as many samples as they are of."""
    score, positive = part(1, 200)
    point = operating_point(score, positive, np.full(200, 0.6), Groups.of(None, 200))
    called = score >= 0.6
    tn, fp, fn, tp = confusion_matrix(positive, called).ravel()
    assert point.sensitivity.value == pytest.approx(recall_score(positive, called))
    assert point.specificity.value == pytest.approx(tn / (tn + fp))
    assert point.ppv.value == pytest.approx(precision_score(positive, called))
    assert point.npv.value == pytest.approx(tn / (tn + fn))
    assert [getattr(point, name).n for name in ("sensitivity", "specificity", "ppv", "npv")] == [
        tp + fn,
        tn + fp,
        tp + fp,
        tn + fn,
    ]
    assert point.auc.value == pytest.approx(roc_auc_score(positive, score))
    for name in ("sensitivity", "specificity", "ppv", "npv", "auc"):
        assert (
            getattr(point, name).bounds.low <= getattr(point, name).value <= getattr(point, name).bounds.high
        )


def test_nothing_called_has_no_predictive_value() -> None:
    """Of nothing there is no share; it is null, not zero."""
    score, positive = part(2, 30)
    point = operating_point(score, positive, np.full(30, 2.0), Groups.of(None, 30))
    assert point.ppv is None
    assert point.sensitivity.value == 0.0


def test_healthy_samples_alone_have_no_curve() -> None:
    """A part without positives has a specificity and no more."""
    point = operating_point(
        np.array([0.2, 0.7]), np.zeros(2, dtype=bool), np.full(2, 0.5), Groups.of(None, 2)
    )
    assert point.sensitivity is None
    assert point.auc is None
    assert point.roc == ()
    assert point.specificity.value == 0.5


@pytest.mark.parametrize("steps", [5, 100_000])
def test_curve_agrees_with_scikit_learn(steps: int) -> None:
    """Short curves are scikit-learn's, point by point, without those that lie on a straight line."""
    score, positive = part(3, 150, steps)
    curve = roc_points(score, positive)
    fpr, tpr, thresholds = roc_curve(positive, score, drop_intermediate=False)
    theirs = {(round(float(t), 9), round(float(1 - f), 9)) for t, f in zip(tpr, fpr, strict=True)}
    ours = {(round(p.sensitivity, 9), round(p.specificity, 9)) for p in curve}
    assert ours <= theirs
    assert curve[0].sensitivity == 0.0
    assert curve[-1].specificity == 0.0
    x = [1 - p.specificity for p in curve]
    y = [p.sensitivity for p in curve]
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(positive, score))
    assert thresholds[1] == max(score)


def test_long_curves_are_thinned() -> None:
    """3256 images give 200 points at most, with nearly the same area."""
    score, positive = part(4, 3256, 10**9)
    curve = roc_points(score, positive)
    assert len(curve) <= 200
    area = np.trapezoid([p.sensitivity for p in curve], [1 - p.specificity for p in curve])
    assert area == pytest.approx(roc_auc_score(positive, score), abs=0.003)
    assert (curve[-1].sensitivity, curve[-1].specificity) == (1.0, 0.0)


def test_the_recipe_names_the_classes_that_count_as_healthy() -> None:
    """Its description is all that a user reads of them."""
    description = OperatingPointSpec.model_fields["negative"].description
    assert description is not None
    assert all(name in description for name in NEGATIVE_NAMES)
