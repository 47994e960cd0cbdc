"""What pairs mean for classes and parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.audit.checks.duplicates import (
    AuditedImages,
    across_parts,
    by_importance,
    exact_duplicates,
    label_conflicts,
    near_duplicates,
)
from leukokit.audit.findings import AuditLevel, Limit
from leukokit.audit.pairs.pair import MatchedPair, PairKind

EXACT, NEAR, OVERLAP = PairKind
IMAGES = AuditedImages(
    ids=[f"i{row}" for row in range(8)],
    labels=["A", "A", "A", "B", "B", "B", None, "A"],
    parts=["train", "train", "test", "train", "validation", "test", "test", None],
)
PAIRS = [
    MatchedPair(0, 1, EXACT, overlap=1.0),
    MatchedPair(0, 2, OVERLAP, inliers=40, overlap=0.5),
    MatchedPair(1, 2, NEAR, "flip", 90, 0.97),
    MatchedPair(2, 5, NEAR, "identity", 80, 0.96),
    MatchedPair(3, 4, OVERLAP, inliers=9, overlap=0.2),
    MatchedPair(0, 3, OVERLAP, inliers=9, overlap=0.3),
    MatchedPair(4, 5, OVERLAP, inliers=9, overlap=0.2),
    MatchedPair(3, 7, NEAR, "identity", 80, 0.96),
    MatchedPair(3, 6, EXACT, overlap=1.0),
]


def test_exact_and_near_pairs_are_counted_within_and_across_classes():
    """Their text gives the numbers."""
    exact = exact_duplicates(PAIRS, IMAGES, Limit(warn=1))
    near = near_duplicates(PAIRS, IMAGES, Limit(warn=4))

    assert (exact.value, exact.level) == (2, AuditLevel.WARN)
    assert exact.title == "2 pairs of exact copies"
    assert "2 within a class, 0 across classes; 1 with one image in training" in exact.text
    assert (near.value, near.level) == (3, AuditLevel.OK)
    assert "1 within a class, 2 across classes; 1 with one image in training" in near.text
    assert [(pair.a, pair.b) for pair in near.pairs] == [("i2", "i5"), ("i3", "i7"), ("i1", "i2")]


def test_one_picture_with_two_labels_is_a_conflict():
    """Views of two classes that overlap little may show different cells, and are only counted in the text."""
    finding = label_conflicts(PAIRS, IMAGES, Limit(fail=1))

    assert (finding.value, finding.level) == (2, AuditLevel.FAIL)
    assert [(pair.a, pair.b, pair.label_a, pair.label_b) for pair in finding.pairs] == [
        ("i2", "i5", "A", "B"),
        ("i3", "i7", "B", "A"),
    ]
    assert "1 further pair of classes overlap by less than 50%" in finding.text


def test_views_of_one_cell_with_two_labels_are_a_conflict():
    """Half of a view holds its center, where the labeled cell is."""
    views = [MatchedPair(0, 3, OVERLAP, inliers=30, overlap=0.5)]
    finding = label_conflicts(views, IMAGES, Limit(fail=1))

    assert (finding.value, finding.level) == (1, AuditLevel.FAIL)
    assert "0 exact, 0 near, 1 overlap" in finding.text


def test_held_out_images_with_a_view_in_training_are_a_share():
    """Each counts once, with the closest view it has; validation and test do not leak into each other."""
    finding = across_parts(PAIRS, IMAGES, Limit(warn=0.01, fail=0.5))

    assert finding.value == pytest.approx(3 / 4)
    assert finding.level is AuditLevel.FAIL
    assert finding.table is not None
    assert finding.table.columns == ("part", "images", "exact", "near", "overlap", "share")
    assert finding.table.rows == (("test", 3, 1, 1, 0, 0.6667), ("validation", 1, 0, 0, 1, 1.0))
    assert {(pair.a, pair.b) for pair in finding.pairs} == {
        ("i0", "i2"),
        ("i1", "i2"),
        ("i3", "i4"),
        ("i3", "i6"),
    }
    assert "3 images of 4 (1 exact, 1 near, 1 overlap)" in finding.text


def test_nothing_found_is_ok():
    """With limits of zero it would not be."""
    checks = [exact_duplicates, near_duplicates, label_conflicts, across_parts]

    for check in checks:
        finding = check([], IMAGES, Limit(warn=0.001))
        assert (finding.value, finding.level, finding.pairs) == (0, AuditLevel.OK, ())
        assert finding.title.startswith("no ")


def test_no_split_no_share():
    """Then the check is skipped, and texts speak of no parts."""
    images = AuditedImages(IMAGES.ids, IMAGES.labels, [None] * 8)

    assert across_parts(PAIRS, images, Limit(fail=0)).level is AuditLevel.SKIPPED
    assert "training" not in exact_duplicates(PAIRS, images, Limit()).text


def test_images_in_training_alone_leave_nothing_held_out():
    """Skipped as well."""
    images = AuditedImages(IMAGES.ids, IMAGES.labels, ["train"] * 8)

    assert across_parts(PAIRS, images, Limit(fail=0)).level is AuditLevel.SKIPPED


def test_folds_train_on_each_other():
    """Parts are then the folds in which images are tested."""
    images = AuditedImages(["a", "b", "c", "d"], ["A"] * 4, ["fold 1", "fold 2", "fold 2", None])

    finding = across_parts(
        [MatchedPair(0, 1, NEAR), MatchedPair(1, 2, NEAR), MatchedPair(2, 3, NEAR)], images, Limit()
    )

    assert finding.value == pytest.approx(2 / 3)
    assert [(pair.a, pair.b) for pair in finding.pairs] == [("a", "b")]


def test_copies_of_copies_count_too():
    """Of many copies not every pair is listed."""
    images = AuditedImages(["v", "a", "b"], ["A"] * 3, ["validation", "train", "test"])

    finding = across_parts([MatchedPair(0, 1, EXACT), MatchedPair(0, 2, EXACT)], images, Limit())

    assert finding.value == 1.0


pairs = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from(list(PairKind))).filter(
        lambda p: p[0] < p[1]
    ),
    max_size=12,
    unique_by=lambda p: p[:2],
)
parts = st.lists(st.sampled_from(["train", "validation", "test", None]), min_size=8, max_size=8)


@given(pairs, parts)
@settings(deadline=None)  # the first example waits for SciPy
def test_the_share_is_that_of_comparing_one_by_one(chosen, where):
    """Exact copies hold together."""
    pairs = [MatchedPair(a, b, kind) for a, b, kind in chosen]
    images = AuditedImages([str(row) for row in range(8)], ["A"] * 8, where)
    linked = {(a, b) for a, b, _ in chosen} | {(b, a) for a, b, _ in chosen}
    exact = {(a, b) for a, b, kind in chosen if kind is EXACT}
    exact |= {(b, a) for a, b in exact}
    for middle in range(8):
        exact |= {(a, b) for a in range(8) for b in range(8) if (a, middle) in exact and (middle, b) in exact}
    held_out = [row for row in range(8) if where[row] in ("validation", "test")]
    met = [
        row for row in held_out if any(where[b] == "train" and (row, b) in linked | exact for b in range(8))
    ]

    share = across_parts(pairs, images, Limit())

    if not held_out or ("train" not in where and len(set(where) - {None}) < 2):
        assert share.level is AuditLevel.SKIPPED
    elif "train" in where:
        assert share.value == pytest.approx(len(met) / len(held_out))
        assert sum(row[1] for row in share.table.rows) == len(held_out)


@given(pairs, parts, st.randoms())
def test_the_order_of_pairs_does_not_depend_on_how_they_came(chosen, where, random):
    """Across classes first, then across parts."""
    pairs = [MatchedPair(a, b, kind) for a, b, kind in chosen]
    images = AuditedImages([str(row) for row in range(8)], ["A", "A", "B", "B", None, "A", "B", "A"], where)
    shuffled = random.sample(pairs, len(pairs))

    ordered = by_importance(shuffled, images)

    assert ordered == by_importance(pairs, images)
    telling = [(not images.labels_differ(pair), not images.crosses_split(pair)) for pair in ordered]
    assert telling == sorted(telling)
