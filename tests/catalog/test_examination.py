"""What a child process reports of plugins."""

from __future__ import annotations

from typing import Any

import pytest

from leukokit.catalog.examination import _Answers


@pytest.mark.parametrize(
    "line", [{"offers": 3, "seconds": 1}, {"component": {"nam": 1}}, {"reason": "x"}, {"offers": [{}]}]
)
def test_an_answer_of_another_form_is_a_broken_plugin(line: dict[str, Any]) -> None:
    """A plugin may write into the pipe of the answers whatever it likes."""
    reports = _Answers([("one", "one:hooks"), ("two", "two:hooks")], lines=[line]).reports()
    assert [report.name for report in reports] == ["one", "two"]
    assert all("cannot be read" in (report.reason or "") for report in reports)
