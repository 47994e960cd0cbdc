"""Intervals hold the truth as often as they say, also where samples come in groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from leukokit.evaluation.intervals import clopper_pearson, intervals


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (7, 10), (167, 200)])
def test_exact_interval_agrees_with_scipy(hits: int, trials: int) -> None:
    """The exact binomial interval is scipy's."""
    expected = binomtest(hits, trials).proportion_ci(method="exact")
    assert clopper_pearson(hits, trials) == pytest.approx((expected.low, expected.high))


def test_samples_on_their_own_get_the_exact_interval() -> None:
    """Without groups the accuracy's interval is the exact binomial one."""
    true = np.repeat([0, 1], 50)
    predicted = true.copy()
    predicted[:10] = 1
    found = intervals(true, predicted, 2)
    assert found["accuracy"]["method"] == "exact binomial"
    assert (found["accuracy"]["low"], found["accuracy"]["high"]) == pytest.approx(clopper_pearson(90, 100))


def test_intervals_are_the_same_every_time() -> None:
    """The same seed gives the same bounds; the order of samples does not matter."""
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 3, 120), rng.integers(0, 3, 120)
    groups = np.array([f"g{i // 4}" for i in range(120)])
    first = intervals(true, predicted, 3, groups=groups, seed=5)
    order = rng.permutation(120)
    assert first == intervals(true[order], predicted[order], 3, groups=groups[order], seed=5)
    assert first["groups"] == 30


def test_groups_widen_the_interval() -> None:
    """Ten samples that are right or wrong together tell as much as one."""
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(40) < 0.8, 10)
    true = np.zeros(400, dtype=int)
    predicted = np.where(right, 0, 1)
    groups = np.repeat(np.arange(40), 10).astype(str)
    grouped = intervals(true, predicted, 2, groups=groups)["accuracy"]
    alone = intervals(true, predicted, 2)["accuracy"]
    assert grouped["method"] == "bootstrap over groups"
    assert grouped["high"] - grouped["low"] > 2.5 * (alone["high"] - alone["low"])


def test_no_errors_do_not_give_certainty() -> None:
    """Where everything is right, the accuracy's bound counts groups, and macro F1 says it cannot tell."""
    true = np.tile([0, 1], 30)
    found = intervals(true, true, 2, groups=np.repeat(np.arange(30), 2).astype(str))
    assert found["accuracy"]["low"] == pytest.approx(clopper_pearson(30, 30)[0])
    assert found["accuracy"]["high"] == 1.0
    assert found["macro_f1"]["low"] is None
    assert any("cannot tell" in note for note in found["notes"])


def test_few_groups_are_said() -> None:
    """With a handful of patients the interval carries a warning."""
    true = np.tile([0, 1], 10)
    found = intervals(true, 1 - true, 2, groups=np.repeat(np.arange(5), 4).astype(str))
    assert any(note.startswith("5 groups are few") for note in found["notes"])


def test_macro_f1_interval_agrees_with_resampling_by_hand() -> None:
    """Drawing kinds of group gives the same quantiles as drawing the groups themselves."""
    rng = np.random.default_rng(2)
    true = rng.integers(0, 3, 150)
    predicted = np.where(rng.random(150) < 0.7, true, rng.integers(0, 3, 150))
    groups = np.repeat(np.arange(50), 3)
    values = []
    for _ in range(4000):
        rows = (rng.integers(0, 50, 50)[:, None] * 3 + np.arange(3)).ravel()
        t, p = true[rows], predicted[rows]
        f1 = [2 * np.sum((t == c) & (p == c)) / (np.sum(t == c) + np.sum(p == c)) for c in range(3)]
        values.append(np.mean(f1))
    found = intervals(true, predicted, 3, groups=groups.astype(str), draws=4000)["macro_f1"]
    assert [found["low"], found["high"]] == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.01)


@pytest.mark.parametrize("grouped", [False, True])
def test_interval_holds_the_truth_as_often_as_it_says(grouped: bool) -> None:
    """In 300 repetitions of a study, 95 % intervals hold the true accuracy in 90 to 99.5 %."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        if grouped:  # accuracy differs from group to group: samples of one are alike
            right = rng.random((60, 4)) < rng.beta(4, 1, 60)[:, None]
            groups = np.repeat(np.arange(60), 4).astype(str)
        else:
            right = rng.random((1, 200)) < 0.8
            groups = None
        predicted = np.where(right.ravel(), 0, 1)
        found = intervals(np.zeros(predicted.size, dtype=int), predicted, 2, groups=groups, draws=500)[
            "accuracy"
        ]
        held += found["low"] <= 0.8 <= found["high"]
    assert 0.90 <= held / 300 <= 0.995
