"""Leaks of a fit fail the audit, in their own words."""

from __future__ import annotations

from leukokit.audit.checks.leaks import leaks
from leukokit.audit.findings import AuditLevel, Limit

LIMIT = Limit(fail=1)


def test_none_is_fine() -> None:
    assert leaks([], LIMIT).level is AuditLevel.OK


def test_each_is_told_and_fails() -> None:
    finding = leaks(["selector A remembers", "predictions depend on company"], LIMIT)
    assert finding.level is AuditLevel.FAIL
    assert finding.title == "the model has 2 leaks"
    assert "selector A remembers. predictions depend on company." in finding.text
