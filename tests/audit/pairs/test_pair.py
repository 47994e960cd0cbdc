"""Pairs and the groups that they make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.audit.pairs.pair import MatchedPair, PairKind, connected_groups

N = 12
edges = st.sets(
    st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda edge: edge[0] < edge[1]),
    max_size=15,
)


@given(edges)
@settings(deadline=None)
def test_groups_hold_together_what_pairs_join_and_nothing_else(chosen):
    """Compared with merging sets by hand."""
    expected = [{row} for row in range(N)]
    for a, b in chosen:
        joined = [group for group in expected if a in group or b in group]
        expected = [group for group in expected if group not in joined] + [set().union(*joined)]

    groups = connected_groups(N, [MatchedPair(a, b, PairKind.NEAR) for a, b in chosen])

    groups_found = {frozenset(row for row in range(N) if groups[row] == number) for number in groups}
    assert groups_found == {frozenset(group) for group in expected}


@given(edges)
@settings(deadline=None)
def test_groups_are_numbered_by_first_appearance(chosen):
    """So that the numbers do not depend on how they were found."""
    groups = connected_groups(N, [MatchedPair(a, b, PairKind.NEAR) for a, b in chosen]).tolist()

    assert list(dict.fromkeys(groups)) == list(range(max(groups) + 1))


def test_no_images_make_no_group():
    """Not even an error."""
    assert connected_groups(0, []).shape == (0,)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (-1, 1)])
def test_a_pair_has_two_rows_in_order(a, b):
    """Otherwise one pair could be listed twice."""
    with pytest.raises(ValueError, match=f"a < b, not {a} and {b}"):
        MatchedPair(a, b, PairKind.NEAR)
