"""The directory that holds everything that a run writes."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from leukokit.engine.io.files import remove_drafts, write_bytes, write_json
from leukokit.engine.journal import Journal
from leukokit.errors import LeukokitError, RunFailed
from leukokit.process import stop
from leukokit.record.files import STATUS
from leukokit.record.provenance import RunStatus

LOCK = ".lock"
_OWNER = ".owner.json"


def is_closed(path: Path) -> bool:
    """Whether a run has finished in this folder."""
    return (path / STATUS.name).is_file()


class RunDirectory:
    """The folder of one run, locked during the run.

    Parameters
    ----------
    path : Path
        Made if it does not exist. A folder with a finished run is refused.

    Raises
    ------
    RunFailed
        Where another process works in it; the message has its process id and host.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK)

    @staticmethod
    def fresh(root: Path, name: str, plan_id: str) -> Path:
        """``root/name/<UTC time>-<plan id>``; a number is added where two runs start in one second."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        base = root / name / f"{moment}-{plan_id[:8]}"
        path, count = base, 1
        while path.exists():
            count += 1
            path = base.with_name(f"{base.name}-{count}")
        return path

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except Timeout:
            raise RunFailed(
                f"another run is at work here ({self._owner()})",
                where=str(self.path),
                hint="Wait for it, or give another folder with --run-dir",
            ) from None
        except OSError as error:
            hint = "Choose a folder that can be written to with --out"
            raise RunFailed(
                f"cannot be written ({error.strerror})", where=str(self.path), hint=hint
            ) from error
        if (self.path / STATUS.name).exists():
            self._lock.release()
            raise RunFailed(
                "holds a finished run", where=str(self.path), hint="Give another folder with --run-dir"
            )
        remove_drafts(self.path)
        write_json(self.path / _OWNER, {"pid": os.getpid(), "host": socket.gethostname()})
        self.journal = Journal(self._inside("journal.jsonl"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.journal.close()
        (self.path / _OWNER).unlink(missing_ok=True)
        self._lock.release()
        (self.path / LOCK).unlink(missing_ok=True)

    def _owner(self) -> str:
        try:
            owner = json.loads((self.path / _OWNER).read_text())
            return f"process {owner['pid']} on {owner['host']}"
        except (OSError, ValueError, KeyError):
            return "its process is not known"

    def _inside(self, name: str) -> Path:
        """Path of an output; links, and names that lead out of the folder, are refused."""
        path = self.path / name
        root = self.path.resolve()
        if not path.resolve().is_relative_to(root) or path.is_symlink():
            raise LeukokitError("this output would be written outside the run directory", where=str(path))
        return path

    def write(self, name: str, data: bytes) -> None:
        """Write one file, completely or not at all."""
        stop.check()
        write_bytes(self._inside(name), data)

    def write_json(self, name: str, value: Any) -> None:
        """Write one JSON file, completely or not at all."""
        stop.check()
        write_json(self._inside(name), value)

    def file(self, name: str) -> Path:
        """Path for a file that the caller writes."""
        path = self._inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def folder(self, name: str) -> Path:
        """Path of a folder that the caller makes and fills."""
        return self._inside(name)

    def finish(self, status: RunStatus) -> None:
        """Write ``status.json``, the last file of a run: a folder without it is a run that did not end."""
        self.write(STATUS.name, status.to_bytes())
