"""Read ``journal.jsonl``: what happened in a run, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukokit.record.folder import MEGABYTE, has_file, read_bytes

FILE = "journal.jsonl"
_MOST = 256 * MEGABYTE
_LONGEST = 1e12
"""Seconds of a run that are believed."""


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One line of the journal.

    Attributes
    ----------
    name : str
        ``run_started``, ``stage``, ``step``, ``warning`` and others.
    time : str
        Time of day, ISO 8601; empty where the line has none.
    seconds : float or None
        Since the start of the run, by a clock that never goes back.
    facts : mapping
        What else the line holds.
    """

    name: str
    time: str
    seconds: float | None
    facts: Mapping[str, Any]

    def text(self, fact: str) -> str:
        """Give one of the facts as text; empty where there is none."""
        value = self.facts.get(fact)
        return "" if value is None else str(value)


def last_attempt(root: Path) -> list[JournalEvent]:
    """Events since the last start: a run that was killed and went on has several starts.

    Lines that a kill cut off are passed over; a run without a journal has no events.

    Raises
    ------
    DataError
        Where the journal leads out of the run directory, is no regular file or is too large.
    """
    if not has_file(root, FILE):
        return []
    events: list[JournalEvent] = []
    for line in read_bytes(root, FILE, _MOST).decode("utf-8", "replace").splitlines():
        event = _event(line)
        if event is not None:
            if event.name == "run_started":
                events.clear()
            events.append(event)
    return events


def _event(line: str) -> JournalEvent | None:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(facts, dict) or not isinstance(name := facts.pop("event", None), str):
        return None
    time, seconds = facts.pop("time", ""), facts.pop("elapsed_s", None)
    known = isinstance(seconds, float | int) and 0 <= seconds <= _LONGEST  # NaN is neither
    return JournalEvent(name, str(time), float(seconds) if known else None, facts)
