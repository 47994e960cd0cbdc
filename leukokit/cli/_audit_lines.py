"""What the audit of a run found, in a few lines for the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leukokit.cli._terminal import safe

_MOST = 4
_RAISED = ("fail", "warn")


def audit_lines(path: Path) -> list[str]:
    """Say what fails and what warns, worst first; nothing where the run was not audited.

    Parameters
    ----------
    path : Path
        ``audit.json`` of a run directory.
    """
    if not path.is_file():
        return []
    audit = json.loads(path.read_text("utf-8"))
    raised = [
        f"audit: {level}: {safe(words)}"
        for level in _RAISED
        for found, words in [
            *((each, str(each["title"])) for each in audit["findings"]),
            *((each, _probe(each)) for each in audit["probes"]),
        ]
        if found["level"] == level
    ]
    if not raised:
        return ["audit: nothing found"]
    more = len(raised) - _MOST
    return raised[:_MOST] + ([f"audit: {more} more in the report"] if more > 0 else [])


def _probe(facts: Mapping[str, Any]) -> str:
    accuracy = facts.get("accuracy")
    reached = "" if accuracy is None else f" reaches accuracy {accuracy:.3f}"
    return f"the probe {facts['name']} ({facts['what']}){reached}"
