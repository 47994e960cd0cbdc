"""Balance, stain, segmentation, missing features and files: each says what it saw, with a table by class."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.api import Status
from leukokit.audit.checks.class_balance import class_balance
from leukokit.audit.checks.files import file_properties, rejected_images
from leukokit.audit.checks.segmentation import (
    empty_foreground,
    implausible_segmentation,
    segmentation_failures,
)
from leukokit.audit.checks.stain import stain_spread
from leukokit.audit.findings import AuditLevel, Limit
from leukokit.audit.probes.missing import missing_pattern

LIMIT = Limit(0.1, 0.3)


def ids(n):
    return [f"i{i}" for i in range(n)]


@pytest.mark.parametrize(("counts", "level"), [((30, 29), "ok"), ((30, 10), "warn"), ((30, 3), "fail")])
def test_balance_is_the_ratio_of_largest_to_smallest(counts, level):
    """The limits themselves count."""
    finding = class_balance(["a"] * counts[0] + ["b"] * counts[1], Limit(3, 10))
    assert finding.level == level
    assert finding.value == pytest.approx(counts[0] / counts[1])


def test_balance_of_one_class_is_skipped():
    """Nothing to compare."""
    assert class_balance(["a", "a"], LIMIT).level is AuditLevel.SKIPPED


def test_stain_that_belongs_to_the_class_is_found():
    """With mean color by class."""
    rng = np.random.default_rng(1)
    labels = ["a"] * 40 + ["b"] * 40
    color = rng.normal(240, 2, (80, 3)) + np.array([[10.0, 0, 0]]) * (np.arange(80) < 40)[:, None]
    finding = stain_spread(color, np.ones(80), labels, ids(80), LIMIT, seed=1)
    assert finding.level.rank >= AuditLevel.WARN.rank
    assert [row[:2] for row in finding.table.rows] == [("a", 40), ("b", 40)]


def test_stain_of_blanked_images_cannot_be_told():
    """Their background is black."""
    finding = stain_spread(np.zeros((4, 3)), np.full(4, 0.2), list("aabb"), ids(4), LIMIT, seed=1)
    assert finding.level is AuditLevel.SKIPPED


def test_empty_foreground_names_the_class_and_the_images():
    """One class has nearly all of them."""
    share = np.array([0.2] * 10 + [0.001] * 4 + [0.2] * 6)
    finding = empty_foreground(share, ["a"] * 10 + ["b"] * 10, ids(20), LIMIT)
    assert finding.level is AuditLevel.FAIL
    assert finding.title.startswith("40% of b")
    assert finding.images == ("i10", "i11", "i12", "i13")


def test_no_empty_image_is_ok():
    """Said in one line."""
    assert empty_foreground(np.ones(3), list("aab"), ids(3), LIMIT).level is AuditLevel.OK


def test_segmentation_failures_are_counted_by_class_and_status():
    """Value is the share of the worst class."""
    status = [Status.OK] * 6 + [Status.NO_CELL] * 2 + [Status.OK] * 2
    finding = segmentation_failures(status, ["a"] * 5 + ["b"] * 5, ids(10), LIMIT)
    assert (finding.value, finding.level) == (0.4, AuditLevel.FAIL)
    assert finding.images == ("i6", "i7")
    assert finding.table.rows[1][:5] == ("b", 5, 2, 0.4, 2)


def test_a_segmentation_that_took_something_else_is_named_by_class():
    """The title is the sentence that a reader needs; other failures do not count."""
    status = [Status.OK] * 5 + [Status.NO_CELL] + [Status.IMPLAUSIBLE] * 3 + [Status.OK]
    finding = implausible_segmentation(status, ["Pre"] * 5 + ["Pro"] * 5, ids(10), LIMIT)
    assert (finding.value, finding.level) == (0.6, AuditLevel.FAIL)
    assert finding.title.startswith("segmented nuclei are not stained like nuclei in 60% of Pro")
    assert finding.images == ("i6", "i7", "i8")
    assert finding.table.rows[1] == ("Pro", 5, 3, 0.6)
    assert segmentation_failures(status, ["Pre"] * 5 + ["Pro"] * 5, ids(10), LIMIT).value == 0.8


def test_plausible_segmentations_are_ok_and_none_is_skipped():
    """Two ways of nothing to tell here, too."""
    finding = implausible_segmentation([Status.OK, Status.NO_CELL], ["a", "b"], ids(2), LIMIT)
    assert (finding.level, finding.value) == (AuditLevel.OK, 0.0)
    assert implausible_segmentation([], [], [], LIMIT).level is AuditLevel.SKIPPED


def test_no_failure_is_ok_and_no_image_is_skipped():
    """Two ways of nothing to tell."""
    assert segmentation_failures([Status.OK], ["a"], ids(1), LIMIT).level is AuditLevel.OK
    assert segmentation_failures([], [], [], LIMIT).level is AuditLevel.SKIPPED


def test_missing_pattern_has_a_column_for_each_distinct_pattern():
    """Features that are missing together count once; what is never or always missing says nothing."""
    nan = np.nan
    table = np.array([[1, nan, nan, nan], [2, 1, 1, nan], [3, 2, nan, nan], [1, 1, 1, nan]])
    pattern = missing_pattern(table[:, [0, 1, 2, 2, 3]], [Status.NO_CELL, Status.OK, Status.OK, None])
    assert pattern.shape == (4, 2)
    assert {tuple(column) for column in pattern.T} == {(1, 0, 0, 0), (1, 0, 1, 0)}


def test_a_whole_table_has_no_pattern():
    """No columns, so no probe."""
    assert missing_pattern(np.ones((3, 2)), [Status.OK] * 3).shape == (3, 0)


def test_file_kinds_that_tell_the_class_fail():
    """And the usual kind of each class is in the table."""
    kinds = ["224 x 224, JPEG quality 90"] * 20 + ["224 x 224, PNG"] * 20
    finding = file_properties(kinds, np.full(40, 3.0), ["a"] * 20 + ["b"] * 20, ids(40), LIMIT, seed=1)
    assert finding.level is AuditLevel.FAIL
    assert finding.table.rows[1][2] == "224 x 224, PNG"


def test_one_kind_of_file_is_ok():
    """Rendered images have no bytes."""
    finding = file_properties(["64 x 64"] * 4, np.full(4, np.nan), list("aabb"), ids(4), LIMIT, seed=1)
    assert finding.level is AuditLevel.OK
    assert finding.table.rows[0][4] is None


def test_rejected_images_are_shares_of_their_class():
    """Two of four of one class."""
    lost = [("i1", "a", "damaged"), ("i2", "a", "empty")]
    finding = rejected_images(lost, ["a"] * 4 + ["b"] * 8, LIMIT)
    assert (finding.value, finding.level) == (0.5, AuditLevel.FAIL)
    assert "damaged, empty" in finding.title
    assert rejected_images([], ["a"], LIMIT).level is AuditLevel.OK
