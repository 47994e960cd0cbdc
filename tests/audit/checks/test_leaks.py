"""Leaks of a fit fail the audit, in their own words."""

from __future__ import annotations

from leukokit.audit.checks.leaks import leaks
from leukokit.audit.findings import Level, Limit

LIMIT = Limit(fail=1)


def test_none_is_fine() -> None:
    assert leaks([], LIMIT).level is Level.OK


def test_each_is_told_and_fails() -> None:
    found = leaks(["selector A remembers", "predictions depend on company"], LIMIT)
    assert found.level is Level.FAIL
    assert found.title == "the model leaks in 2 ways"
    assert "selector A remembers. predictions depend on company." in found.text
