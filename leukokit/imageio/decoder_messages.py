"""What decoders print is kept as notes of the image and does not reach the terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

_MOST_NOTES = 3
_LONGEST_NOTE = 160  # characters
_LIBRARIES = r"PIL\."

_messages: ContextVar[list[str] | None] = ContextVar("messages", default=None)
_stderr_lock = threading.Lock()


class _Warnings:
    """Passes Python's warnings to the thread that causes them.

    ``warnings.catch_warnings`` alone would mix up threads that decode at the same time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before = ExitStack()

    def start(self) -> None:
        """Capture warnings, if no other thread does yet."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("always", module=_LIBRARIES)
                shown = warnings.showwarning

                def show(message: Any, *args: Any, **kwargs: Any) -> None:
                    notes = _messages.get()
                    if notes is None:
                        shown(message, *args, **kwargs)
                    else:
                        notes.append(str(message))

                warnings.showwarning = show

    def stop(self) -> None:
        """Restore the settings, if no other thread captures warnings."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._before.close()


_warnings = _Warnings()  # one for the process, as its warnings and its stderr are


@contextmanager
def captured_messages(*, native: bool = False) -> Iterator[list[str]]:
    """Collect what libraries print in this block, as notes.

    Parameters
    ----------
    native : bool
        Whether a library in C may write to stderr by itself, as libtiff does. The stderr of the whole process
        is then a file as long as the block lasts.
    """
    notes: list[str] = []
    token = _messages.set(notes)
    _warnings.start()
    try:
        if native:
            with _native_stderr(notes):
                yield notes
        else:
            yield notes
    finally:
        _warnings.stop()
        _messages.reset(token)
        notes[:] = _shortened(notes)


def _shortened(notes: list[str]) -> list[str]:
    lines = (re.sub(r"\s+", " ", note).strip() for note in notes)
    printable = ("".join(sign for sign in line if sign.isprintable()) for line in lines)
    return list(dict.fromkeys(line[:_LONGEST_NOTE] for line in printable if line))[:_MOST_NOTES]


@contextmanager
def _native_stderr(notes: list[str]) -> Iterator[None]:
    """Redirect the process's stderr into a file, and add what was written to the notes."""
    with _stderr_lock, tempfile.TemporaryFile() as file:
        try:
            sys.stderr.flush()
            terminal = os.dup(2)
        except (AttributeError, OSError, ValueError):  # there is no stderr
            yield
            return
        try:
            os.dup2(file.fileno(), 2)
            yield
        finally:
            os.dup2(terminal, 2)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                # What another thread drew on the terminal meanwhile is its own.
                if b"\x1b" in line or b"\r" in line:
                    os.write(terminal, line)
                else:
                    notes.append(line.decode(errors="replace"))
            os.close(terminal)
