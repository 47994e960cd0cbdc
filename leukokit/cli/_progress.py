"""Progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
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

from leukokit.cli._terminal import safe
from leukokit.engine.observer import Observer


class TerminalObserver(Observer):
    """Shows a run on a terminal.

    Parameters
    ----------
    images : bool
        Tell of single images, too.
    """

    def __init__(self, progress: Progress, *, images: bool = False) -> None:
        self._progress = progress
        self._images = images
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

    def image(self, id_: str, text: str) -> None:
        """Print a line where these are asked for."""
        if self._images:
            self.say(f"{safe(id_)}: {safe(text)}")


class PlainObserver(Observer):
    """Writes one line a stage, for logs and pipes, where a bar would be of no use.

    Parameters
    ----------
    least : int
        Level of :mod:`logging`; what is less serious is left out. Lines about single images are DEBUG.
    """

    def __init__(self, *, least: int = logging.INFO) -> None:
        self._least = least

    def stage(self, name: str, total: int) -> None:
        """Name the stage."""
        if self._least <= logging.INFO:
            self._line(f"{name}: {total}" if total > 1 else name)

    def say(self, text: str) -> None:
        """Write a line."""
        if self._least <= logging.INFO:
            self._line(text)

    def warn(self, text: str) -> None:
        """Write a warning."""
        if self._least <= logging.WARNING:
            self._line(f"warning: {text}")

    def image(self, id_: str, text: str) -> None:
        """Write a line about one image."""
        if self._least <= logging.DEBUG:
            self._line(f"{id_}: {text}")

    def _line(self, text: str) -> None:
        print(text.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)


@contextmanager
def observed(*, quiet: bool, level: str = "info") -> Iterator[Observer]:
    """Give an observer for this terminal, or for none.

    Parameters
    ----------
    quiet : bool
        Nothing but warnings and errors.
    level : str
        ``debug``, ``info``, ``warning`` or ``error``: what is less serious is not shown.
    """
    console = Console(stderr=True)
    least = logging.getLevelNamesMapping()[level.upper()]
    if quiet:
        least = max(least, logging.WARNING)
    if least > logging.INFO or not console.is_terminal:
        yield PlainObserver(least=least)
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        yield TerminalObserver(progress, images=least <= logging.DEBUG)
