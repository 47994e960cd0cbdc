"""The journal of a run: one line of JSON for each event, written at once, so that it survives a kill."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from leukokit.engine.io.files import full_disk_named
from leukokit.engine.observer import Forwarding, Observer


class Journal:
    """Append events to ``journal.jsonl``.

    Durations come from a monotonic clock; the time of day is for readers only.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
        self._started = monotonic()

    def write(self, event: str, **facts: Any) -> None:
        """Append one event."""
        line = {
            "event": event,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "elapsed_s": round(monotonic() - self._started, 3),
            **facts,
        }
        with full_disk_named(self._file.name):
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; a line for which the disk had no room was reported when it was written."""
        with suppress(OSError):
            self._file.close()


class JournaledObserver(Forwarding):
    """Passes on to another observer, and keeps stages, lines and warnings in the journal.

    Parameters
    ----------
    observer : Observer
    journal : Journal
    """

    def __init__(self, observer: Observer, journal: Journal) -> None:
        super().__init__(observer)
        self._journal = journal

    def stage(self, name: str, total: int) -> None:
        """Note the stage, and pass on."""
        self._journal.write("stage", name=name, total=total)
        super().stage(name, total)

    def say(self, text: str) -> None:
        """Note the line, and pass on."""
        self._journal.write("said", text=text)
        super().say(text)

    def warn(self, text: str) -> None:
        """Note the warning, and pass on."""
        self._journal.write("warning", text=text)
        super().warn(text)
