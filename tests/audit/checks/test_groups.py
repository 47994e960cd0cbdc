"""What is said of patients whose images lie in several parts."""

from __future__ import annotations

import pytest

from leukokit.api import GroupKind, Part
from leukokit.audit.checks.groups import groups_across_parts
from leukokit.audit.findings import AuditLevel, CheckFinding, Limit
from leukokit.evaluation.divided_groups import divided_groups
from leukokit.evaluation.splits import Fold


def finding(
    shared: int, tested: int = 100, kind: GroupKind | None = GroupKind.PATIENT, known: bool = True
) -> CheckFinding:
    """Check a split of which so many tested images are of patients of the training part."""
    parts = {f"train-{i}": Part.TRAIN for i in range(50)} | {f"test-{i}": Part.TEST for i in range(tested)}
    groups = {id_: f"P{id_}" for id_ in parts} | {f"test-{i}": f"Ptrain-{i}" for i in range(shared)}
    divided = divided_groups([Fold("file", parts)], groups if known else {})
    labels = dict.fromkeys(groups.values(), "Pro")
    return groups_across_parts(divided, labels, kind, Limit(0.001, 0.05))


@pytest.mark.parametrize(
    ("shared", "level"), [(0, AuditLevel.OK), (1, AuditLevel.WARN), (5, AuditLevel.FAIL)]
)
def test_the_level_is_that_of_the_share_of_held_out_images(shared, level):
    """One in a hundred warns, one in twenty fails."""
    found = finding(shared)
    assert (found.level, found.value) == (level, shared / 100)
    assert found.images == tuple(f"test-{i}" for i in range(shared))


def test_patients_are_counted_and_listed_with_the_images_of_each_part():
    """Those with most held-out images first; only twenty of them."""
    found = finding(2)
    assert found.title.startswith("2 patients are in several parts")
    assert "2 images of 100 held out have images of the same patient in training" in found.text
    assert "by: group" in found.text
    assert found.table is not None
    assert found.table.columns == ("patient", "class", "train", "validation", "test")
    assert found.table.rows == (("Ptrain-0", "Pro", 1, 0, 1), ("Ptrain-1", "Pro", 1, 0, 1))
    many = finding(30)
    assert many.table is not None
    assert len(many.table.rows) == 20
    assert "The table lists the first 20" in many.text


def test_a_clean_split_is_told_in_the_words_of_the_groups():
    """Where nobody said what a group is, it is a group."""
    assert finding(0).title == "no patient is in several parts of the split"
    assert finding(0, kind=None).title == "no group is in several parts of the split"
    assert finding(1, kind=GroupKind.SLIDE).title.startswith("1 slide is in several parts")


def test_without_patients_or_split_the_check_is_skipped_and_says_why():
    """Silence would be taken for a good sign."""
    unknown = finding(0, known=False)
    assert unknown.level is AuditLevel.SKIPPED
    assert unknown.title == "no patients are known, so they cannot be looked for in several parts"
    assert "'data.groups'" in unknown.text
    assert groups_across_parts(None, {}, None, Limit()).title == "no image is held out"
