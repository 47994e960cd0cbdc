"""Paired differences: the scores are those of ``metrics``, and the intervals hold the truth."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from leukokit.compare.statistics.all_tests import paired_tests
from leukokit.compare.statistics.paired import PairedDifference, design_effect, paired_differences
from leukokit.evaluation.metrics import SCORES, Scored, score_input, scores

CLASSES = ("Benign", "Early", "Pre", "Pro")
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "comparison_coverage.py"


def drawn(seed: int, n: int, *, digits: int = 3) -> tuple[Scored, Scored, NDArray[np.intp], NDArray[np.str_]]:
    """Two classifiers on the same images, in groups of up to three; ties where rounded."""
    rng = np.random.default_rng(seed)
    true = np.array(CLASSES)[np.r_[0:4, 0:4, rng.integers(0, 4, n - 8)]]
    parts = []
    for strength in (0.2, 0.5):
        proba = rng.random((n, 4))
        proba[np.arange(n), [CLASSES.index(name) for name in true]] += strength
        parts.append(score_input(true, np.round(proba / proba.sum(axis=1, keepdims=True), digits), CLASSES))
    return parts[0], parts[1], (np.arange(n) // 3).astype(np.intp), true


def bounds(differences: dict[str, PairedDifference]) -> list[tuple[float | None, float | None]]:
    return [(differences[name].low, differences[name].high) for name in SCORES]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), digits=st.integers(1, 6))
def test_scores_are_those_of_metrics(seed: int, digits: int) -> None:
    """The areas come another way and must not differ."""
    first, second, codes, true = drawn(seed, 60, digits=digits)
    differences = paired_differences(first, second, codes, draws=50)
    for name in SCORES:
        one, other = (scores(true, scored.proba, CLASSES).points for scored in (first, second))
        assert differences[name].first == pytest.approx(getattr(one, name), abs=1e-12)
        assert differences[name].second == pytest.approx(getattr(other, name), abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999))
def test_swapping_the_classifiers_turns_every_interval(seed: int) -> None:
    """Bounds change sides and signs."""
    first, second, codes, _ = drawn(seed, 60)
    one = paired_differences(first, second, codes, draws=200)
    other = paired_differences(second, first, codes, draws=200)
    for (low, high), (turned_low, turned_high) in zip(bounds(one), bounds(other), strict=True):
        assert low == pytest.approx(-turned_high, abs=1e-9)
        assert high == pytest.approx(-turned_low, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 9999))
def test_a_classifier_against_itself_differs_by_nothing(seed: int) -> None:
    """Differences are 0; what no resample tells apart has no interval, the accuracy's counts images."""
    first, _, codes, _ = drawn(seed, 60)
    differences = paired_differences(first, first, codes, draws=50)
    assert [differences[name].difference for name in SCORES] == [0.0] * 4
    assert bounds(differences)[1:] == [(None, None)] * 3
    assert differences["accuracy"].low == pytest.approx(-differences["accuracy"].high)


def test_intervals_do_not_depend_on_the_order_of_images() -> None:
    """Nor on the run of the program."""
    first, second, codes, _ = drawn(3, 90)
    order = np.random.default_rng(0).permutation(90)
    turned = [Scored(e.true[order], e.predicted[order], e.proba[order], e.classes) for e in (first, second)]
    one = bounds(paired_differences(first, second, codes))
    other = bounds(paired_differences(turned[0], turned[1], codes[order]))
    assert one == [pytest.approx(part, abs=1e-12) for part in other]


def test_groups_widen_the_intervals() -> None:
    """Ten copies of each image tell as much as one."""
    first, second, _, _ = drawn(4, 90)
    copied = [
        Scored(*(np.repeat(a, 10, axis=0) for a in (e.true, e.predicted, e.proba)), e.classes)
        for e in (first, second)
    ]
    alone = paired_differences(first, second, np.arange(90))
    grouped = paired_differences(copied[0], copied[1], np.repeat(np.arange(90), 10))
    naive = paired_differences(copied[0], copied[1], np.arange(900))
    for name in SCORES:
        width = {
            key: differences[name].high - differences[name].low
            for key, differences in {"alone": alone, "grouped": grouped, "naive": naive}.items()  # type: ignore[operator]
        }
        assert width["grouped"] == pytest.approx(width["alone"], rel=0.1)
        assert width["naive"] < 0.5 * width["alone"]


def test_classes_without_images_are_left_out() -> None:
    """As in metrics.json; with one class no area can be told."""
    true = ["Early"] * 6
    proba = np.random.default_rng(0).random((6, 4))
    first, second = score_input(true, proba, CLASSES), score_input(true, proba[::-1], CLASSES)
    differences = paired_differences(first, second, np.arange(6), draws=50)
    assert differences["auc_ovo"] == PairedDifference(None, None, None, None, "influence of groups")
    assert differences["auc_ovr"].difference is None
    assert differences["macro_f1"].first is not None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(1, 7), digits=st.integers(0, 2))
def test_however_few_images_there_is_an_answer(seed: int, n: int, digits: int) -> None:
    """Numbers or None, never NaN, and the tests too."""
    rng = np.random.default_rng(seed)
    true = np.array(CLASSES)[rng.integers(0, 4, n)]
    first, second = (score_input(true, np.round(rng.random((n, 4)), digits), CLASSES) for _ in range(2))
    codes = np.unique(rng.integers(0, n, n), return_inverse=True)[1]
    for name, difference in paired_differences(first, second, codes, draws=20).items():
        values = [difference.first, difference.second, difference.low, difference.high]
        assert all(value is None or np.isfinite(value) for value in values)
        if difference.low is not None and difference.high is not None and name != "macro_f1":
            # Resamples of so few images may all lie on one side of the macro F1 of all.
            assert difference.low <= difference.difference <= difference.high  # type: ignore[operator]
    for test in paired_tests(first, second, codes):
        assert test.p is None or 0 <= test.p <= 1


def test_perfect_areas_are_not_certain() -> None:
    """Nothing out of order on 40 images against a classifier with mistakes: no certainty either way."""
    true = np.array(CLASSES)[np.arange(40) % 4]
    perfect = np.eye(4)[np.arange(40) % 4]
    first = score_input(true, perfect, CLASSES)
    _, second, _, _ = drawn(5, 40)
    second = Scored(first.true, second.predicted, second.proba, CLASSES)
    difference = paired_differences(first, second, np.arange(40))["auc_ovr"]
    assert difference.first == 1.0
    assert difference.low is not None
    assert difference.low < difference.difference < difference.high  # type: ignore[operator]
    both = paired_differences(first, first, np.arange(40))["auc_ovr"]
    assert both.difference == 0.0
    assert both.low == pytest.approx(-both.high)  # type: ignore[operator]
    assert 0.01 < both.high < 0.2  # type: ignore[operator]


def test_the_design_effect_is_how_much_groups_widen() -> None:
    """Copies in tens: ten (but for the factor of few groups). On their own: 1. Never below."""
    values = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 200)
    copied = design_effect(np.repeat(values, 10), np.repeat(np.arange(200), 10))
    assert copied == pytest.approx(10 * 200 / 199)
    assert design_effect(np.tile([1.0, -1.0], 50), np.repeat(np.arange(50), 2)) == 1.0
    assert design_effect(np.zeros(30), np.repeat(np.arange(10), 3)) == 3.0


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("comparison_coverage", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "number",
    [3, *(pytest.param(number, marks=pytest.mark.slow) for number in (5, 7))],
    ids=lambda number: f"setting-{number}",
)
def test_intervals_hold_the_truth_as_often_as_they_say(number: int) -> None:
    """A part of benchmarks/comparison_coverage.py: 100 studies, so 95 % give or take 4.3 %."""
    module = benchmark()
    coverage = module.coverage(module.SETTINGS[number], studies=100, draws=500, seed=11)
    for name in (*SCORES, module.CLASS):
        assert coverage[name] >= 0.90, name
    if module.SETTINGS[number].first == module.SETTINGS[number].second:
        assert coverage["McNemar over groups"] <= 0.10
        assert coverage["DeLong over groups"] <= 0.10
