"""What a run says at its end: segmentations that are of no use, and what its audit found."""

from __future__ import annotations

import json
from pathlib import Path

from leukokit.api import Status
from leukokit.cli._audit_lines import audit_lines
from leukokit.cli._summary import segmentation_failures


def test_segmentations_of_no_use_are_counted_by_reason() -> None:
    """One line in words, each reason that occurs with its count."""
    status = {"a": Status.OK, "b": Status.IMPLAUSIBLE, "c": Status.NO_CELL, "d": Status.IMPLAUSIBLE}
    line = segmentation_failures(status)
    assert line is not None
    assert line.startswith("segmentation failed in 3 of 4 images (75.0%): ")
    assert "no white cell found in 1" in line
    assert "implausible in 2" in line


def test_nothing_is_said_where_all_is_well() -> None:
    """Neither of good segmentations nor of recipes without any."""
    assert segmentation_failures({"a": Status.OK}) is None
    assert segmentation_failures({}) is None


def test_what_the_audit_raises_is_said_worst_first(tmp_path: Path) -> None:
    """Failing findings and probes before warnings; what passes is not listed."""
    findings = [
        {"level": "warn", "title": "scale differs"},
        {"level": "ok", "title": "no exact copies"},
        {"level": "fail", "title": "one picture under two labels"},
    ]
    probes = [{"level": "fail", "name": "color", "what": "six numbers", "accuracy": 0.9}]
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"findings": findings, "probes": probes}))
    assert audit_lines(path) == [
        "audit: fail: one picture under two labels",
        "audit: fail: the probe color (six numbers) reaches accuracy 0.900",
        "audit: warn: scale differs",
    ]


def test_a_long_audit_is_cut_and_a_clean_one_is_said(tmp_path: Path) -> None:
    """At most four lines and their rest; one line where nothing was found; none without an audit."""
    path = tmp_path / "audit.json"
    assert audit_lines(path) == []
    many = [{"level": "warn", "title": f"number {i}"} for i in range(6)]
    path.write_text(json.dumps({"findings": many, "probes": []}))
    assert audit_lines(path)[-1] == "audit: 2 more in the report"
    path.write_text(json.dumps({"findings": [{"level": "ok", "title": "fine"}], "probes": []}))
    assert audit_lines(path) == ["audit: nothing found"]
