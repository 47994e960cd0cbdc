"""What a run says at its end: segmentations that are of no use, and what its audit found."""

from __future__ import annotations

from leukokit.api import Status
from leukokit.cli._audit_lines import audit_lines
from leukokit.cli._summary import segmentation_failures
from leukokit.record.audit import AuditFinding, AuditProbe, AuditRecord


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


def finding(level: str, title: str) -> AuditFinding:
    return AuditFinding(check="scale_spread", level=level, title=title)


def test_what_the_audit_raises_is_said_worst_first() -> None:
    """Failing findings and probes before warnings; what passes is not listed."""
    findings = [
        finding("warn", "scale differs"),
        finding("ok", "no exact copies"),
        finding("fail", "one picture under two labels"),
    ]
    probes = [AuditProbe(level="fail", name="color", what="six numbers", accuracy=0.9)]
    assert audit_lines(AuditRecord(level="fail", findings=findings, probes=probes)) == [
        "audit: fail: one picture under two labels",
        "audit: fail: the probe color (six numbers) reaches accuracy 0.900",
        "audit: warn: scale differs",
    ]


def test_a_long_audit_is_cut_and_a_clean_one_is_said() -> None:
    """At most four lines and their rest; one line where nothing was found; none without an audit."""
    assert audit_lines(None) == []
    many = [finding("warn", f"number {i}") for i in range(6)]
    assert audit_lines(AuditRecord(level="warn", findings=many))[-1] == "audit: 2 more in the report"
    assert audit_lines(AuditRecord(level="ok", findings=[finding("ok", "fine")])) == ["audit: nothing found"]
