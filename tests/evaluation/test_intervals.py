"""Intervals hold the truth as often as they say, also where samples come in groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from leukokit.evaluation.intervals import Groups, clopper_pearson, effective, proportion, resample, wilson


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (7, 10), (167, 200)])
def test_exact_interval_agrees_with_scipy_and_statsmodels(hits: int, trials: int) -> None:
    """The exact binomial interval is the one of both libraries."""
    bounds = clopper_pearson(hits, trials)
    expected = binomtest(hits, trials).proportion_ci(method="exact")
    assert bounds == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert bounds == pytest.approx(proportion_confint(hits, trials, method="beta"), abs=1e-9)


@given(hits=st.integers(0, 400), more=st.integers(0, 400))
def test_many_independent_samples_get_wilsons_interval_of_statsmodels(hits: int, more: int) -> None:
    """From 100 samples on the interval is Wilson's to 1e-9; the ends get the exact one."""
    trials = hits + more
    if trials < 100:
        hits, trials = hits + 100, trials + 100
    values = np.arange(trials) < hits
    bounds = proportion(values, Groups.of(None, trials))
    edge = hits in (0, trials)
    expected = proportion_confint(hits, trials, method="beta" if edge else "wilson")
    assert (bounds.low, bounds.high) == pytest.approx(expected, abs=1e-9)
    assert bounds.method == ("exact binomial" if edge else "Wilson")


def test_few_independent_samples_get_the_exact_interval() -> None:
    """Below 100 samples Wilson's interval can hold the truth too rarely; the exact one never does."""
    bounds = proportion(np.arange(60) < 50, Groups.of(None, 60))
    assert bounds.method == "exact binomial"
    assert (bounds.low, bounds.high) == clopper_pearson(50, 60)


def test_order_of_samples_does_not_matter() -> None:
    """The same samples in another order, with the same groups, give the same bounds."""
    rng = np.random.default_rng(0)
    right, names = rng.random(120) < 0.7, np.array([f"g{i // 4}" for i in range(120)])
    order = rng.permutation(120)
    first = proportion(right, Groups.of(names, 120))
    again = proportion(right[order], Groups.of(names[order], 120))
    assert (first.low, first.high) == pytest.approx((again.low, again.high), abs=1e-12)


def test_groups_widen_the_interval() -> None:
    """Ten samples that are right or wrong together tell as much as one."""
    rng = np.random.default_rng(1)
    hits = rng.random(40) < 0.8
    right, names = np.repeat(hits, 10), np.repeat(np.arange(40), 10).astype(str)
    grouped, alone = proportion(right, Groups.of(names, 400)), proportion(right, Groups.of(None, 400))
    assert grouped.method == "Wilson over groups"
    assert grouped.high - grouped.low > 2.5 * (alone.high - alone.low)
    # As sure as 40 samples, up to the t quantile and G / (G - 1).
    low, high = wilson(float(hits.mean()), 40, 1.96)
    assert (grouped.low, grouped.high) == pytest.approx((low, high), abs=0.02)


def test_groups_that_differ_less_than_chance_do_not_narrow_the_interval() -> None:
    """One error in each group of five looks surer than independent samples; it is not taken for more."""
    right, names = np.tile([True] * 4 + [False], 40), np.repeat(np.arange(40), 5).astype(str)
    grouped, alone = proportion(right, Groups.of(names, 200)), proportion(right, Groups.of(None, 200))
    assert grouped.low <= alone.low
    assert grouped.high >= alone.high


def test_no_errors_do_not_give_certainty() -> None:
    """Where everything is right, groups are counted, not samples."""
    bounds = proportion(np.ones(60, dtype=bool), Groups.of(np.repeat(np.arange(30), 2).astype(str), 60))
    assert (bounds.low, bounds.high) == clopper_pearson(30, 30)
    assert bounds.method == "exact binomial over groups"


def test_one_group_tells_next_to_nothing() -> None:
    """A single patient, however many images, leaves nearly everything open."""
    bounds = proportion(np.arange(50) < 45, Groups.of(["one"] * 50, 50))
    assert bounds.low < 0.05
    assert bounds.high == pytest.approx(1, abs=0.03)


@given(
    right=st.lists(st.booleans(), min_size=1, max_size=60),
    size=st.integers(1, 7),
)
def test_interval_holds_its_estimate(right: list[bool], size: int) -> None:
    """Bounds lie in 0..1 around the share, whatever the groups."""
    names = [str(i // size) for i in range(len(right))]
    bounds = proportion(right, Groups.of(names, len(right)))
    assert 0 <= bounds.low <= np.mean(right) + 1e-12
    assert np.mean(right) - 1e-12 <= bounds.high <= 1


def test_estimate_without_variance_gets_the_exact_interval() -> None:
    """One class always right, the other never: the mean recall of 1/2 has no variance and is not certain."""
    bounds = effective(0.5, np.zeros(30), Groups.of(None, 30), trials=20)
    assert bounds.method == "exact binomial"
    assert bounds.low < 0.3
    assert bounds.high > 0.7


def test_resampling_draws_as_many_groups_as_there_are() -> None:
    """Each draw has the right number of groups, all are drawn equally often, and the seed decides."""
    groups = Groups.of(None, 50)
    drawn = resample(groups, seed=3, draws=1000)
    assert (drawn.sum(axis=1) == 50).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(50), abs=0.15)
    assert (drawn == resample(groups, seed=3, draws=1000)).all()
    assert (drawn != resample(groups, seed=4, draws=1000)).any()


@pytest.mark.parametrize("accuracy", [0.8, 0.95])
@pytest.mark.parametrize("grouped", [False, True])
def test_interval_holds_the_truth_as_often_as_it_says(grouped: bool, accuracy: float) -> None:
    """In 2000 repetitions of a study, 95 % intervals hold the true share in 93 to 97 %."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        if grouped:  # accuracy differs from group to group: samples of one are alike
            sizes = rng.integers(1, 9, 60)
            accuracies = rng.beta(5 * accuracy, 5 * (1 - accuracy), 60)
            right = rng.random(sizes.sum()) < np.repeat(accuracies, sizes)
            groups = Groups(np.repeat(np.arange(60), sizes), 60)
        else:
            right = rng.random(200) < accuracy
            groups = Groups.of(None, 200)
        bounds = proportion(right, groups)
        held += bounds.low <= accuracy <= bounds.high
    assert 0.93 <= held / 2000 <= 0.97
