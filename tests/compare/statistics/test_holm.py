"""Holm's adjustment is statsmodels's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from leukokit.compare.statistics.holm import holm

P = st.floats(0, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(P, min_size=1, max_size=20))
def test_it_agrees_with_statsmodels(values: list[float]) -> None:
    """To 1e-9, ties and extremes among them."""
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1], abs=1e-9)


@given(st.lists(P, min_size=1, max_size=10), st.data())
def test_a_test_that_was_not_made_does_not_count(values: list[float], data: st.DataObject) -> None:
    """None stays None and makes no other p value larger."""
    place = data.draw(st.integers(0, len(values)))
    adjusted = holm([*values[:place], None, *values[place:]])
    assert adjusted[place] is None
    assert [p for p in adjusted if p is not None] == pytest.approx(holm(values))


def test_nothing_to_adjust() -> None:
    """An empty family, or one without any p value."""
    assert holm([]) == []
    assert holm([None, None]) == [None, None]
