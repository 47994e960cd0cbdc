"""Neighbors in file order, pairs that are none, and copies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leukokit.audit.pairs.file_order import distant_pairs, file_sequences, identical_pairs, neighbor_pairs


def test_files_are_ordered_by_the_numbers_in_their_names():
    """Nine before ten, and each folder by itself."""
    ids = ["a/cell-10", "b/cell-1", "a/cell-9", "a/cell-100", "a/cell-09", "a/other"]

    runs = file_sequences([name[0] for name in ids], ids)

    assert [run.tolist() for run in runs] == [[4, 2, 0, 3, 5], [1]]


@given(st.lists(st.text("a1²٣9-", max_size=6), unique=True, max_size=12))
def test_any_names_have_an_order(names):
    """Digits of other scripts and names without any, too; the order of the input plays no part."""
    forward = file_sequences(["x"] * len(names), names)
    backward = file_sequences(["x"] * len(names), names[::-1])

    assert [[names[row] for row in run] for run in forward] == [
        [names[::-1][row] for row in run] for run in backward
    ]


@given(st.permutations(range(9)), st.integers(1, 10))
def test_neighbors_lie_exactly_the_lag_apart(run, lag):
    """Rows come in order; a lag beyond the run gives none."""
    pairs = neighbor_pairs(np.array(run), lag).tolist()

    place = {row: i for i, row in enumerate(run)}
    assert all(a < b and abs(place[a] - place[b]) == lag for a, b in pairs)
    assert len(pairs) == max(0, 9 - lag)


@given(st.lists(st.integers(0, 9), max_size=4), st.integers(1, 4), st.integers(0, 30), st.integers(0, 5))
def test_distant_pairs_are_no_neighbors_and_lie_in_one_run(lengths, beyond, count, seed):
    """As many as asked for, or all there are."""
    ends = np.cumsum([0, *lengths])
    rows = np.random.default_rng(seed).permutation(ends[-1])
    runs = [rows[a:b] for a, b in pairwise(ends)]
    place = {int(row): (i, j) for i, run in enumerate(runs) for j, row in enumerate(run)}
    possible = sum(
        place[a][0] == place[b][0] and abs(place[a][1] - place[b][1]) > beyond
        for a in place
        for b in place
        if a < b
    )

    pairs = [tuple(pair) for pair in distant_pairs(runs, beyond=beyond, count=count, seed=seed).tolist()]

    assert len(set(pairs)) == len(pairs) == min(count, possible)
    assert pairs == sorted(pairs)
    for a, b in pairs:
        assert a < b
        assert place[a][0] == place[b][0]
        assert abs(place[a][1] - place[b][1]) > beyond


def test_distant_pairs_of_long_runs_are_spread_over_them():
    """Every part of every run is drawn from."""
    runs = [np.arange(1000), np.arange(1000, 1500)]

    pairs = distant_pairs(runs, beyond=3, count=1000, seed=1)

    assert len(pairs) == 1000
    assert abs(np.mean(pairs[:, 0] < 1000) - 0.8) < 0.05
    assert np.histogram(pairs.ravel(), bins=10, range=(0, 1500))[0].min() > 80
    assert np.array_equal(pairs, distant_pairs(runs, beyond=3, count=1000, seed=1))
    assert not np.array_equal(pairs, distant_pairs(runs, beyond=3, count=1000, seed=2))


def test_copies_are_paired_each_with_each():
    """What has no key is no copy."""
    assert identical_pairs(["x", "y", None, "x", None, "x"]) == [(0, 3), (0, 5), (3, 5)]


def test_of_many_copies_not_every_pair_is_listed():
    """Each is in some pair, and all hold together."""
    pairs = identical_pairs(["x"] * 100, most=30)

    assert len(pairs) < 200
    assert {row for pair in pairs for row in pair} == set(range(100))
    assert {b for a, b in pairs if a == 0} == set(range(1, 100))
