"""Neighbors in file order against random pairs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from leukokit.audit.checks.neighbors import neighbors_alike, p_value
from leukokit.audit.findings import AuditLevel, Limit
from leukokit.audit.pairs.pair import NeighborCount, PairCounts, PairTable

LIMIT = Limit(warn=0.02, fail=0.2)


def table(*neighbors, random=(1000, 0)):
    counts = [NeighborCount(label, lag, PairCounts(*counts)) for label, lag, counts in neighbors]
    return PairTable(2000, (), tuple(counts), PairCounts(*random))


def test_neighbors_that_overlap_are_told_with_class_and_share():
    """The largest excess counts; every class and lag has a row."""
    finding = neighbors_alike(
        table(("Benign", 1, (503, 12)), ("Pre", 1, (962, 257)), ("Pre", 2, (961, 72)), random=(1000, 10)),
        LIMIT,
    )

    assert finding.value == pytest.approx(257 / 962 - 0.01)
    assert finding.level is AuditLevel.FAIL
    assert (
        finding.title
        == "26.7% of neighbors in file order show the same cells in class Pre, 1.0% of random pairs do"
    )
    assert "Split by group, or in contiguous blocks" in finding.text
    assert finding.table is not None
    assert [row[:4] for row in finding.table.rows] == [
        ("Benign", 1, 503, 12),
        ("Pre", 1, 962, 257),
        ("Pre", 2, 961, 72),
    ]


def test_a_few_overlaps_by_chance_are_silent():
    """One of 39 pairs is 2.6 %, above the limit, yet nothing that one of 1000 random pairs makes unlikely."""
    finding = neighbors_alike(table(("Pre", 1, (39, 1)), random=(1000, 1)), LIMIT)

    assert (finding.value, finding.level) == (0.0, AuditLevel.OK)
    assert finding.title.startswith("neighbors in file order show the same cells no more often")


def test_a_data_set_that_overlaps_everywhere_is_not_blamed_for_its_order():
    """Random pairs are as alike."""
    finding = neighbors_alike(table(("Pre", 1, (200, 60)), random=(1000, 310)), LIMIT)

    assert (finding.value, finding.level) == (0.0, AuditLevel.OK)


def test_many_classes_are_tested_more_strictly():
    """The same counts that tell for one class are chance among twenty."""
    telling = ("A", 1, (30, 3))
    silent = [(f"B{i}", 1, (30, 0)) for i in range(19)]

    assert neighbors_alike(table(telling, random=(300, 2)), LIMIT).level is AuditLevel.WARN
    assert neighbors_alike(table(telling, *silent, random=(300, 2)), LIMIT).level is AuditLevel.OK


@pytest.mark.parametrize(
    "few",
    [table(), table(("A", 1, (0, 0))), table(("A", 1, (2, 2)), random=(0, 0))],
    ids=["none", "one", "few"],
)
def test_too_few_images_are_skipped(few):
    """Without random pairs nothing can be said of chance."""
    assert neighbors_alike(few, LIMIT).level is AuditLevel.SKIPPED


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 300), st.integers(0, 300))
@settings(deadline=None)
def test_p_is_that_of_fishers_exact_test(pairs, alike, random, random_alike):
    """One-sided; SciPy's own function agrees."""
    alike, random_alike = min(alike, pairs), min(random_alike, random)
    counts = NeighborCount("A", 1, PairCounts(pairs, alike))
    square = [[alike, pairs - alike], [random_alike, random - random_alike]]

    p = p_value(counts, table(random=(random, random_alike)))

    assert p == pytest.approx(fisher_exact(square, alternative="greater").pvalue, rel=1e-9, abs=1e-300)
