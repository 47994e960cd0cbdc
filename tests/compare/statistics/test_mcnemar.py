"""McNemar's exact test is statsmodels's, and that over groups is the count of all sign flips."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from leukokit.compare.statistics.mcnemar import mcnemar_exact, mcnemar_over_groups

COUNTS = st.integers(0, 60)


@settings(max_examples=60, deadline=None)
@given(b=COUNTS, c=COUNTS)
def test_it_agrees_with_statsmodels(b: int, c: int) -> None:
    """For every pair of counts, to 1e-9."""
    expected = mcnemar([[10, b], [c, 5]], exact=True).pvalue
    assert mcnemar_exact(b, c) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(b=COUNTS, c=COUNTS)
def test_over_groups_of_one_it_is_the_same(b: int, c: int) -> None:
    """Each image its own group, images that tell nothing among them."""
    assert mcnemar_over_groups([-1] * b + [1] * c + [0] * 7) == pytest.approx(mcnemar_exact(b, c), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-4, 4), max_size=9))
def test_over_groups_it_counts_every_flip(gains: list[int]) -> None:
    """Enumerated one by one."""
    sums = [
        abs(sum(sign * gain for sign, gain in zip(signs, gains, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(gains))
    ]
    expected = np.mean([total >= abs(sum(gains)) for total in sums])
    assert mcnemar_over_groups(gains) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_swapping_the_classifiers_changes_nothing(gains: list[int]) -> None:
    """Both sides of the test are the same."""
    assert mcnemar_over_groups(gains) == pytest.approx(mcnemar_over_groups([-gain for gain in gains]))


def test_equal_classifiers_give_one() -> None:
    """Nothing tells them apart."""
    assert mcnemar_exact(0, 0) == mcnemar_over_groups([0, 0]) == mcnemar_over_groups([]) == 1.0


def test_images_that_fall_together_count_once() -> None:
    """Ten images of one group are one piece of evidence, not ten."""
    assert mcnemar_exact(0, 10) < 0.01
    assert mcnemar_over_groups([10]) == 1.0
