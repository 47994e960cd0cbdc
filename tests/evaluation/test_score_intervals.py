"""Every score of a part has an interval that holds it."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from leukokit.evaluation.intervals import Bounds, Groups
from leukokit.evaluation.metrics import ClassPoints, PointScores, scores
from leukokit.evaluation.score_intervals import (
    ClassBounds,
    HeadlineBounds,
    IntervalEstimator,
    headline_intervals,
)

CLASSES = ("Benign", "Early", "Pre", "Pro")


def part(seed: int, n: int, k: int, sharpness: float) -> tuple[list[str], np.ndarray]:
    """Draw true classes and probabilities."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), number] += sharpness
    proba = np.exp(logits)
    return [CLASSES[i] for i in number], proba / proba.sum(axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 150),
    k=st.integers(2, 4),
    sharpness=st.sampled_from([0.0, 1.0, 4.0, 20.0]),
    size=st.integers(1, 5),
)
def test_intervals_hold_their_scores(seed: int, n: int, k: int, sharpness: float, size: int) -> None:
    """Bounds lie in 0..1 around the score, of headline scores, classes and cells, for any part."""
    true, proba = part(seed, n, k, sharpness)
    scored = scores(true, proba, CLASSES[:k], groups=[str(i // size) for i in range(n)])
    with_bounds: list[tuple[PointScores | ClassPoints, HeadlineBounds | ClassBounds]] = [
        (scored.points, scored.bounds)
    ]
    with_bounds += [(points, scored.class_bounds[name]) for name, points in scored.points.per_class.items()]
    checked = 0
    for points, bounds in with_bounds:
        for name in (field.name for field in fields(bounds)):
            interval, value = getattr(bounds, name), getattr(points, name, None)
            if isinstance(interval, Bounds) and value is not None:
                assert -1e-12 <= interval.low <= value + 1e-9, name
                assert value - 1e-9 <= interval.high <= 1 + 1e-12, name
                checked += 1
    assert checked >= 4
    for row, cells in zip(scored.points.matrix, scored.cell_bounds, strict=True):
        for count, cell in zip(row, cells, strict=True):
            assert (cell is None) == (sum(row) == 0)
            if cell is not None:
                assert cell.low - 1e-9 <= count / sum(row) <= cell.high + 1e-9


def test_every_headline_number_has_an_interval() -> None:
    """Accuracy, both areas and the three macro means, with their method."""
    true, proba = part(1, 120, 4, 2.0)
    intervals = scores(true, proba, CLASSES).bounds
    for name in ("accuracy", "macro_f1", "macro_precision", "macro_recall", "auc_ovo", "auc_ovr"):
        interval = getattr(intervals, name)
        assert interval.low < interval.high, name
        assert interval.method, name


def test_cells_and_recalls_agree_with_statsmodels() -> None:
    """Independent samples: 50 a class get the exact interval of the share of their row."""
    true, proba = part(2, 160, 4, 1.5)
    scored = scores(true, proba, CLASSES)
    for number, name in enumerate(CLASSES):
        row = scored.points.matrix[number]
        for count, cell in zip(row, scored.cell_bounds[number], strict=True):
            assert cell is not None
            expected = proportion_confint(count, sum(row), method="beta")
            assert (cell.low, cell.high) == pytest.approx(expected, abs=1e-9)
        recall = scored.class_bounds[name].recall
        assert recall is not None
        expected = proportion_confint(row[number], sum(row), method="beta")
        assert (recall.low, recall.high) == pytest.approx(expected, abs=1e-9)


def test_equal_classes_make_macro_recall_as_sure_as_accuracy() -> None:
    """With 100 images a class the two are one number, and nearly one interval."""
    rng = np.random.default_rng(3)
    true = np.repeat(np.arange(4), 100)
    predicted = np.where(rng.random(400) < 0.9, true, (true + 1) % 4)
    estimator = IntervalEstimator(true, predicted, 4, Groups.of(None, 400))
    accuracy, recall = estimator.accuracy(), estimator.macro_recall()
    assert (recall.low, recall.high) == pytest.approx((accuracy.low, accuracy.high), abs=0.003)


def test_macro_f1_interval_agrees_with_resampling_by_hand() -> None:
    """Where a bootstrap works, in the middle of the range, it gives much the same interval."""
    rng = np.random.default_rng(2)
    true = rng.integers(0, 3, 300)
    predicted = np.where(rng.random(300) < 0.7, true, rng.integers(0, 3, 300))
    codes = np.repeat(np.arange(100), 3)
    values = []
    for _ in range(3000):
        rows = (rng.integers(0, 100, 100)[:, None] * 3 + np.arange(3)).ravel()
        t, p = true[rows], predicted[rows]
        f1 = [2 * np.sum((t == c) & (p == c)) / (np.sum(t == c) + np.sum(p == c)) for c in range(3)]
        values.append(np.mean(f1))
    bounds = IntervalEstimator(true, predicted, 3, Groups(codes, 100)).macro_f1()
    assert [bounds.low, bounds.high] == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.012)


def test_all_right_is_as_sure_as_the_smallest_class() -> None:
    """Ten images of one class and ninety of the other, all right: macro F1 is told by twenty."""
    true = np.repeat([0, 1], [10, 90])
    bounds = IntervalEstimator(true, true, 2, Groups.of(None, 100)).macro_f1()
    assert bounds.low == pytest.approx(proportion_confint(20, 20, method="beta")[0])


def test_few_groups_are_said() -> None:
    """With a handful of patients the intervals carry a warning."""
    true = np.tile([0, 1], 10)
    estimator = IntervalEstimator(true, 1 - true, 2, Groups.of(np.repeat(np.arange(5), 4).astype(str), 20))
    intervals = headline_intervals(estimator, np.eye(2)[1 - true])
    assert any(
        note.startswith("5 groups (patients, slides) are few: intervals are wide") for note in intervals.notes
    )
