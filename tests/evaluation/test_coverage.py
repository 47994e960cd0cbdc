"""What a model is worth that may pass on images it is not sure of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.evaluation.coverage import aurc, refer_threshold, referral, risk_curve
from leukokit.evaluation.intervals import Groups


def part(seed: int, n: int, steps: int = 10**6) -> tuple[np.ndarray, np.ndarray]:
    """Draw confidences, with ties where steps are few, and whether each is right."""
    rng = np.random.default_rng(seed)
    confidence = np.round((0.25 + 0.75 * rng.random(n)) * steps) / steps
    return confidence, rng.random(n) < confidence


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 5000), n=st.integers(1, 300), steps=st.sampled_from([4, 20, 10**6]))
def test_full_coverage_has_the_error_rate(seed: int, n: int, steps: int) -> None:
    """The last point keeps everything; every point says what its threshold does."""
    confidence, right = part(seed, n, steps)
    curve = risk_curve(confidence, right)
    assert len(curve) <= 100
    assert curve[-1].coverage == 1.0
    assert curve[-1].risk == pytest.approx(np.mean(~right))
    coverage = [point.coverage for point in curve]
    assert coverage == sorted(set(coverage))
    for point in curve:
        kept = confidence >= point.threshold
        assert point.coverage == pytest.approx(kept.mean())
        assert point.risk == pytest.approx(np.mean(~right[kept]))


def test_area_is_the_mean_risk_by_hand() -> None:
    """Right, wrong, right, by falling confidence: risks 0, 1/2, 1/3."""
    assert aurc(np.array([0.9, 0.8, 0.7]), np.array([True, False, True])) == pytest.approx(
        (0 + 1 / 2 + 1 / 3) / 3
    )


def test_area_does_not_depend_on_the_order_of_equals() -> None:
    """Equal confidences have no order: the area is the mean over all orders."""
    confidence = np.array([0.9, 0.5, 0.5])
    one = aurc(confidence, np.array([True, False, True]))
    other = aurc(confidence, np.array([True, True, False]))
    assert one == pytest.approx(other)
    strict = [
        aurc(np.array([3.0, 2, 1]), np.array(rows)) for rows in ([1 > 0, 1 < 0, 1 > 0], [1 > 0, 1 > 0, 1 < 0])
    ]
    assert one == pytest.approx(np.mean(strict))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 5000),
    n=st.integers(1, 60),
    steps=st.sampled_from([4, 10**6]),
    error=st.sampled_from([0.0, 0.01, 0.1, 0.5]),
)
def test_threshold_is_the_smallest_that_errs_little_enough(
    seed: int, n: int, steps: int, error: float
) -> None:
    """Among all thresholds with so few errors among the kept, it keeps the most."""
    confidence, right = part(seed, n, steps)
    threshold = refer_threshold(confidence, right, error)

    def risk(at: float) -> float:
        kept = confidence >= at
        return float(np.mean(~right[kept])) if kept.any() else 0.0

    assert risk(threshold) <= error + 1e-9
    able = [at for at in np.append(0.0, confidence) if risk(at) <= error + 1e-9]
    most = max((np.mean(confidence >= at) for at in able), default=0.0)
    assert np.mean(confidence >= threshold) == pytest.approx(most)


def test_a_model_that_errs_little_enough_keeps_everything() -> None:
    """Then no image is referred, also none that is less sure than any seen before."""
    assert refer_threshold(np.array([0.6, 0.9]), np.array([True, True]), 0.01) == 0.0


def test_a_model_that_is_surest_when_wrong_keeps_nothing() -> None:
    """Then every image goes to the expert, and the risk of nothing is null."""
    threshold = refer_threshold(np.array([1.0, 0.5]), np.array([False, True]), 0.01)
    assert threshold > 1
    result = referral(np.array([1.0]), np.array([True]), np.array([threshold]), Groups.of(None, 1))
    assert result.risk is None
    assert result.coverage.value == 0.0
    assert result.referred == 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 120), at=st.floats(0, 1.01), size=st.integers(1, 5))
def test_counts_of_the_band_add_up(seed: int, n: int, at: float, size: int) -> None:
    """Errors are kept or referred, and intervals hold their values."""
    confidence, right = part(seed, n)
    groups = Groups.of([str(i // size) for i in range(n)], n)
    result = referral(confidence, right, np.full(n, at), groups)
    assert result.errors_kept + result.errors_referred == np.sum(~right)
    assert result.referred == round((1 - result.coverage.value) * n)
    for estimate in (result.coverage, result.risk):
        if estimate is not None:
            assert estimate.bounds.low - 1e-9 <= estimate.value <= estimate.bounds.high + 1e-9
    if result.risk is not None:
        assert result.risk.value == pytest.approx(result.errors_kept / (n - result.referred))
