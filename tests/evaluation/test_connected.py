"""Links hold groups together, however they come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leukokit.evaluation.connected import connected

N = 12
links = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=15)


@given(links)
def test_groups_are_those_of_merged_sets_numbered_by_first_appearance(chosen: list[tuple[int, int]]) -> None:
    sets = [{row} for row in range(N)]
    for a, b in chosen:
        joined = [members for members in sets if a in members or b in members]
        sets = [members for members in sets if members not in joined] + [set().union(*joined)]
    ordered = sorted(sets, key=min)
    expected = [next(i for i, members in enumerate(ordered) if row in members) for row in range(N)]
    assert connected(N, chosen).tolist() == expected


def test_a_long_chain_is_one_group() -> None:
    n = 100_000
    assert not connected(n, ((i + 1, i) for i in range(n - 1))).any()
    assert not connected(n, ((i - 1, i) for i in range(n - 1, 0, -1))).any()


def test_nothing_has_no_group() -> None:
    assert connected(0, []).shape == (0,)
    assert connected(3, []).dtype == np.intp
