"""Progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from leukokit.engine.observer import Observer


class TerminalObserver(Observer):
    """Shows a run on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def stage(self, name: str, total: int) -> None:
        """Begin a new bar."""
        if self._task is not None:
            self._progress.update(self._task, completed=self._progress.tasks[-1].total)
        self._task = self._progress.add_task(name, total=total)

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, count)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(Text(text))

    def warn(self, text: str) -> None:
        """Print a warning above the bars."""
        self._progress.console.print(Text.assemble(("warning: ", "bold yellow"), text))


class PlainObserver(Observer):
    """Writes one line a stage, for logs and pipes, where a bar would be of no use.

    Parameters
    ----------
    quiet : bool
        Write warnings only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def stage(self, name: str, total: int) -> None:
        """Name the stage."""
        if not self._quiet:
            self._line(f"{name}: {total}" if total > 1 else name)

    def say(self, text: str) -> None:
        """Write a line."""
        if not self._quiet:
            self._line(text)

    def warn(self, text: str) -> None:
        """Write a warning."""
        self._line(f"warning: {text}")

    def _line(self, text: str) -> None:
        print(text.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)


@contextmanager
def observed(*, quiet: bool) -> Iterator[Observer]:
    """Give an observer for this terminal, or for none."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield PlainObserver(quiet=quiet)
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        yield TerminalObserver(progress)
