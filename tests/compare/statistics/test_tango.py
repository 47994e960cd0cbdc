"""Tango's interval is the set of differences that the score test does not reject."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from leukokit.compare.statistics.tango import tango


def score(b: int, c: int, n: int, difference: float) -> float:
    """Score statistic with the likeliest shares found by searching, not by Tango's formula."""

    def unlikely(share: float) -> float:
        only_second = share + difference
        rest = 1 - share - only_second
        terms = [(b, share), (c, only_second), (n - b - c, rest)]
        return -sum(count * np.log(max(part, 1e-300)) for count, part in terms if count)

    low, high = max(0.0, -difference), (1 - difference) / 2
    share = minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-14}).x
    return float((c - b - n * difference) / np.sqrt(n * (2 * share + difference - difference**2)))


@settings(max_examples=30, deadline=None)
@given(b=st.integers(1, 30), c=st.integers(1, 30), more=st.integers(1, 200))
def test_its_bounds_are_where_the_score_test_turns(b: int, c: int, more: int) -> None:
    """The statistic at each bound is the normal quantile."""
    n = b + c + more
    low, high = tango(b, c, n)
    z = norm.ppf(0.975)
    assert score(b, c, n, low) == pytest.approx(z, abs=1e-3)
    assert score(b, c, n, high) == pytest.approx(-z, abs=1e-3)


@given(b=st.integers(0, 30), c=st.integers(0, 30), more=st.integers(0, 100))
def test_swapping_turns_the_interval(b: int, c: int, more: int) -> None:
    """And it holds the estimate, within -1..1."""
    n = b + c + more + 1
    low, high = tango(b, c, n)
    assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)
    assert -1 <= low <= (c - b) / n <= high <= 1


def test_no_image_that_tells_leaves_doubt() -> None:
    """Equal predictions on 400 images: the difference may still be z^2 / (n + z^2)."""
    z2 = norm.ppf(0.975) ** 2
    assert tango(0, 0, 400) == pytest.approx((-z2 / (400 + z2), z2 / (400 + z2)), abs=1e-9)


def test_without_a_difference_the_bound_is_mcnemars() -> None:
    """At difference 0 the statistic is McNemar's: 0 lies inside just where it does not reject."""
    for b, c in ((3, 14), (5, 13), (9, 20), (10, 21)):
        inside = tango(b, c, 100)[0] <= 0
        assert inside == (abs(c - b) / np.sqrt(b + c) <= norm.ppf(0.975))
