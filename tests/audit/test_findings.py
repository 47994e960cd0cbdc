"""Levels, limits and what is written of a finding."""

from __future__ import annotations

import json

import pytest

from leukokit.audit.findings import AuditLevel, CheckFinding, CheckTable, Limit, ListedPair, skipped, worst


@pytest.mark.parametrize(
    ("limit", "value", "level"),
    [
        (Limit(0.1, 0.2), 0.0999, AuditLevel.OK),
        (Limit(0.1, 0.2), 0.1, AuditLevel.WARN),
        (Limit(0.1, 0.2), 0.2, AuditLevel.FAIL),
        (Limit(None, 0.2), 0.1, AuditLevel.OK),
        (Limit(0.1, None), 9.0, AuditLevel.WARN),
        (Limit(), 9.0, AuditLevel.OK),
    ],
)
def test_the_limit_itself_counts(limit, value, level):
    """From it on a value is serious."""
    assert limit.level(value) is level


def test_the_worst_level_is_told():
    """A skipped check is no fault."""
    assert worst([AuditLevel.OK, AuditLevel.FAIL, AuditLevel.WARN]) is AuditLevel.FAIL
    assert worst([AuditLevel.SKIPPED]) is AuditLevel.SKIPPED
    assert worst([]) is AuditLevel.SKIPPED


def test_long_lists_are_cut_and_their_length_is_told():
    """The file stays small."""
    pair = ListedPair("a", "b", "X", None, "train", "test", "near", "flip", 12, 0.123456)
    finding = CheckFinding(
        "near_duplicates",
        AuditLevel.WARN,
        "title",
        "text",
        value=300.0,
        limit=Limit(1, None),
        pairs=(pair,) * 300,
        images=tuple(map(str, range(201))),
        table=CheckTable(("class", "n"), (("X", 3),)),
    )

    written = json.loads(json.dumps(finding.record().plain()))

    assert len(written["pairs"]) == len(written["images"]) == 200
    assert written["pair_count"] == 300
    assert written["pairs"][0] == {
        "a": "a", "b": "b", "label_a": "X", "label_b": None, "part_a": "train", "part_b": "test",
        "kind": "near", "transform": "flip", "inliers": 12, "overlap": 0.1235,
    }  # fmt: skip
    assert written["table"] == {"columns": ["class", "n"], "rows": [["X", 3]]}
    assert (written["level"], written["warn"], written["fail"]) == ("warn", 1, None)


def test_a_skipped_check_has_no_value():
    """It says why."""
    written = skipped("across_parts", "no split", "Give one.").record().plain()

    assert written["level"] == "skipped"
    assert written["value"] is None
    assert written["pairs"] == []
