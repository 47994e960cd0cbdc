"""Which tests are made, and over which Holm adjusts."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from leukokit.compare.statistics.all_tests import AnalysisUnit, adjusted, paired_tests
from leukokit.evaluation.metrics import Scored, score_input


def drawn(seed: int, classes: tuple[str, ...], n: int = 60) -> Scored:
    rng = np.random.default_rng(seed)
    number = np.arange(n) % len(classes)
    proba = rng.random((n, len(classes)))
    proba[np.arange(n), number] += 0.7
    return score_input(np.array(classes)[number], proba / proba.sum(axis=1, keepdims=True), classes)


FOUR = ("Benign", "Early", "Pre", "Pro")


def test_images_on_their_own_get_one_set_of_tests() -> None:
    """McNemar and one area a class; nothing over groups."""
    tests = paired_tests(drawn(0, FOUR), drawn(1, FOUR), np.arange(60))
    assert [(test.about, test.unit) for test in tests] == [
        ("accuracy", AnalysisUnit.IMAGE),
        *((f"AUC {name}", AnalysisUnit.IMAGE) for name in FOUR),
    ]


def test_groups_get_tests_of_their_own() -> None:
    """The same questions again; groups of copies give larger p values."""
    tests = paired_tests(drawn(0, FOUR), drawn(1, FOUR), np.arange(60) // 4)
    images, groups = (
        [test for test in tests if test.unit is unit] for unit in (AnalysisUnit.IMAGE, AnalysisUnit.GROUP)
    )
    assert [test.about for test in images] == [test.about for test in groups]
    assert [test.difference for test in images] == pytest.approx([test.difference for test in groups])
    assert {test.method for test in groups} == {"McNemar over groups, exact", "DeLong over groups"}


def test_two_classes_have_one_area() -> None:
    """The other is the same."""
    classes = ("benign", "leukemia")
    tests = paired_tests(drawn(0, classes), drawn(1, classes), np.arange(60), negative=["benign"])
    assert [test.about for test in tests] == ["accuracy", "AUC leukemia"]


def test_several_harmless_classes_are_tested_together_too() -> None:
    """Against all others; a single one is there already."""
    tests = paired_tests(drawn(0, FOUR), drawn(1, FOUR), np.arange(60), negative=["Benign", "Early"])
    assert tests[-1].about == "AUC Benign or Early"
    single = paired_tests(drawn(0, FOUR), drawn(1, FOUR), np.arange(60), negative=["Benign"])
    assert len(single) == 5


def test_classes_without_images_are_not_tested() -> None:
    """An area needs both sides."""
    some = drawn(0, ("Benign", "Early"))
    wide = Scored(some.true, some.predicted, np.c_[some.proba, np.zeros((60, 1))], ("Benign", "Early", "Pre"))
    assert [test.about for test in paired_tests(wide, wide, np.arange(60))] == [
        "accuracy",
        "AUC Benign",
        "AUC Early",
    ]


def test_holm_goes_over_all_pairs_and_each_unit_for_itself() -> None:
    """As statsmodels does with all p values of a unit."""
    runs = [drawn(seed, FOUR) for seed in range(3)]
    codes = np.arange(60) // 3
    families = adjusted([paired_tests(runs[0], other, codes) for other in runs[1:]])
    for unit in AnalysisUnit:
        family = [test for tests in families for test in tests if test.unit is unit]
        assert len(family) == 10
        expected = multipletests([test.p for test in family], method="holm")[1]
        assert [test.p_holm for test in family] == pytest.approx(expected, abs=1e-9)
