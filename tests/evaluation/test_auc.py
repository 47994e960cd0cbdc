"""Areas under the ROC curve agree with scikit-learn; their intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from leukokit.evaluation.auc import auc, mean_auc, one_vs_one_tasks, one_vs_rest_task
from leukokit.evaluation.intervals import Groups


def shifted(rng: np.random.Generator, n: int, shift: float, size: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Half positives, half negatives, in groups of a size that share half of their variance."""
    positive = np.arange(n) < n // 2
    codes = np.arange(n) // size
    values = rng.normal(size=n)
    if size > 1:
        values = np.sqrt(0.5) * values + np.sqrt(0.5) * rng.normal(size=codes.max() + 1)[codes]
    return positive, values + shift * positive


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(4, 60), steps=st.integers(2, 50))
def test_area_agrees_with_scikit_learn_also_with_ties(seed: int, n: int, steps: int) -> None:
    """Values on a coarse grid have many ties; each counts half."""
    rng = np.random.default_rng(seed)
    positive, values = shifted(rng, n, 1.0)
    values = np.round(values * steps) / steps
    task = one_vs_rest_task(positive, values)
    assert task is not None
    assert auc(task) == pytest.approx(roc_auc_score(positive, values), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-4, 6), size=st.integers(1, 6))
def test_interval_holds_the_area(seed: int, shift: float, size: int) -> None:
    """Bounds lie in 0..1 around the area, also at 0 and 1."""
    positive, values = shifted(np.random.default_rng(seed), 40, shift, size)
    task = one_vs_rest_task(positive, values)
    assert task is not None
    value, bounds = mean_auc([task], Groups(np.arange(40) // size, int(39 // size) + 1))
    assert 0 <= bounds.low <= value <= bounds.high <= 1


def test_swapping_the_sides_mirrors_the_interval() -> None:
    """Ill against healthy by p is healthy against ill by 1 - p; reversing the values gives 1 - area."""
    positive, values = shifted(np.random.default_rng(4), 80, 1.5)
    groups = Groups.of(None, 80)
    one, other, reverse = (
        mean_auc([c], groups)
        for c in (
            one_vs_rest_task(positive, values),
            one_vs_rest_task(~positive, -values),
            one_vs_rest_task(positive, -values),
        )
        if c is not None
    )
    assert (one[0], one[1].low, one[1].high) == pytest.approx((other[0], other[1].low, other[1].high))
    assert (one[0], one[1].low, one[1].high) == pytest.approx(
        (1 - reverse[0], 1 - reverse[1].high, 1 - reverse[1].low), abs=1e-6
    )


def test_perfect_order_is_not_certain() -> None:
    """An area of 1 has a lower bound below it, further below where samples come in groups."""
    positive = np.arange(60) < 30
    task = one_vs_rest_task(positive, positive.astype(float))
    assert task is not None
    value, alone = mean_auc([task], Groups.of(None, 60))
    _, grouped = mean_auc([task], Groups(np.arange(60) // 5, 12))
    assert value == alone.high == 1.0
    assert 0.8 < alone.low < 0.995
    assert grouped.low < alone.low


def test_one_side_alone_has_no_area() -> None:
    """With positives only there is nothing to tell apart."""
    assert one_vs_rest_task(np.ones(5, dtype=bool), np.arange(5.0)) is None
    assert one_vs_one_tasks(np.zeros(5, dtype=np.intp), np.ones((5, 2))) == []


def test_large_samples_agree_with_delong() -> None:
    """In the middle of the range, with many samples, the interval is DeLong's, computed by hand."""
    positive, values = shifted(np.random.default_rng(5), 2000, 1.0)
    upper, lower = values[positive], values[~positive]
    order = (upper[:, None] > lower[None, :]).astype(float)
    deviation = np.sqrt(order.mean(axis=1).var(ddof=1) / 1000 + order.mean(axis=0).var(ddof=1) / 1000)
    task = one_vs_rest_task(positive, values)
    assert task is not None
    value, bounds = mean_auc([task], Groups.of(None, 2000))
    assert bounds.high - bounds.low == pytest.approx(2 * 1.96 * deviation, rel=0.03)
    assert value == pytest.approx(order.mean())


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("shift", [1.5, 3.5])
def test_interval_holds_the_true_area_as_often_as_it_says(size: int, shift: float) -> None:
    """In 600 repetitions, with areas of 0.86 and 0.993, coverage is 92.5 to 98 % (93-97 and chance)."""
    from scipy.stats import norm

    rng = np.random.default_rng(6)
    truth, held = norm.cdf(shift / np.sqrt(2)), 0
    groups = Groups(np.arange(200) // size, 200 // size)
    for _ in range(600):
        task = one_vs_rest_task(*shifted(rng, 200, shift, size))
        assert task is not None
        bounds = mean_auc([task], groups)[1]
        held += bounds.low <= truth <= bounds.high
    assert 0.925 <= held / 600 <= 0.98
