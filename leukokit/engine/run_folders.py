"""The run directories under a folder: which runs have ended, and which were killed and left a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from leukokit.engine.run_directory import LOCK, is_closed
from leukokit.errors import LeukokitError, RunFailed
from leukokit.number_text import counted
from leukokit.record.journal import FILE as JOURNAL
from leukokit.record.journal import JournalEvent, last_attempt

DEPTH = 2
"""Levels between the folder of all runs and a run: ``<out>/<name>/<UTC time>-<plan id>``."""


class RunState(StrEnum):
    """How far a run came."""

    FINISHED = "finished"
    RUNNING = "running"
    FAILED = "failed"
    KILLED = "killed"


UNFINISHED = (RunState.FAILED, RunState.KILLED)
"""States of a run that will not go on by itself."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run directory.

    Attributes
    ----------
    path : Path
    state : RunState
        ``failed`` where an error or a stop ended the run, ``killed`` where its process ended without a word.
    started : str
        Time of its last start, ISO 8601, UTC; empty where not known.
    detail : str
        Message of the error that ended it; empty where there was none.
    """

    path: Path
    state: RunState
    started: str
    detail: str = ""

    @property
    def bytes(self) -> int:
        """Size of its files, bytes; links count as links."""
        return sum(file.lstat().st_size for file in self.path.rglob("*") if not file.is_dir())


def run_folders(root: Path) -> list[RunFolder]:
    """List the run directories under a folder, by path; links are not followed.

    Parameters
    ----------
    root : Path
        The folder of all runs, the folder of one recipe's runs, or one run directory.
    """
    return [_described(path) for path in sorted(_with_journal(root, DEPTH))]


def which_run(folder: Path) -> str:
    """Say what to name in place of a folder that is no run: one that lies in it, or what runs are called."""
    finished = [run for run in run_folders(folder) if run.state is RunState.FINISHED and run.path != folder]
    if not finished:
        return "Name the folder that 'leukokit run' printed, such as runs/<name>/<time>-<plan>"
    newest = max(finished, key=lambda run: run.started)
    return f"It holds {counted(len(finished), 'run')}: name one; the newest is {newest.path}"


def unfinished_run(folder: Path) -> RunFolder | None:
    """Describe the run in this folder; None where it has finished, or the folder is no run directory."""
    if not (folder / JOURNAL).is_file() or is_closed(folder):
        return None
    return _described(folder)


def killed_note(root: Path) -> str | None:
    """Sentence that offers to remove the folders of killed runs; None where there are none."""
    unclosed = [_described(path) for path in _with_journal(root, DEPTH) if not is_closed(path)]
    killed = [run for run in unclosed if run.state is RunState.KILLED]
    if not killed:
        return None
    those = (
        "1 earlier run was killed and its folder is"
        if len(killed) == 1
        else (f"{len(killed)} earlier runs were killed and their folders are")
    )
    return (
        f"{those} still under {root}: 'leukokit runs list {root}' shows, 'leukokit runs clean {root}' removes"
    )


def remove(run: RunFolder) -> None:
    """Remove the directory of a run that did not end.

    Raises
    ------
    RunFailed
        Where the run has finished, is at work again, or its folder cannot be removed.
    """
    state = _described(run.path).state
    if state not in UNFINISHED:
        raise RunFailed(
            f"this run is {state} and is not removed",
            where=str(run.path),
            hint="Only folders of runs that did not end are removed",
        )
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        raise RunFailed(
            f"the folder cannot be removed ({error.strerror or error})",
            where=str(run.path),
            hint="Close programs that use it, or see who may write there",
        ) from error


def _with_journal(folder: Path, depth: int) -> Iterator[Path]:
    """Folders with a journal, which a run writes first; nothing is looked for inside of one."""
    if folder.is_symlink() or not folder.is_dir():
        return
    if (folder / JOURNAL).is_file():
        yield folder
    elif depth:
        try:
            inner = list(folder.iterdir())
        except OSError:  # of another user
            return
        for path in inner:
            yield from _with_journal(path, depth - 1)


def _described(path: Path) -> RunFolder:
    try:
        events = last_attempt(path)
    except LeukokitError:  # a journal from elsewhere; the other files still tell the state
        events = []
    started = events[0].time if events else ""
    if is_closed(path):
        return RunFolder(path, RunState.FINISHED, started)
    if _locked(path):
        return RunFolder(path, RunState.RUNNING, started)
    failed = _failure(events)
    if failed is None:
        return RunFolder(path, RunState.KILLED, started)
    return RunFolder(path, RunState.FAILED, started, failed.text("message") or failed.text("error"))


def _failure(events: list[JournalEvent]) -> JournalEvent | None:
    return next((event for event in reversed(events) if event.name == "run_failed"), None)


def _locked(path: Path) -> bool:
    """Whether a process works in the folder; the system frees the lock of a process that was killed."""
    if not (path / LOCK).is_file():
        return False
    try:
        with FileLock(path / LOCK, blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # of another user: not ours to remove
        return True
