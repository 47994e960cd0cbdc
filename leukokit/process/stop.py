"""SIGINT and SIGTERM end the command within seconds, whatever it is doing.

A signal raises :class:`Stopped` in the main thread, which unwinds the run as any error does. That alone is
not enough: compiled code and callbacks turn an exception into another one or drop it, and a handler waits
until compiled code returns. So the signal is also remembered, and code that is about to handle an error, to
reject an image or to keep a result calls :func:`check` first. In addition a thread, which the signal wakes at
once, ends the process where unwinding takes too long. Nothing is lost: a file gets its final name only when
it is complete.

Signals belong to the process. So this module keeps what arrived in one object for the process, and only the
command calls :func:`install`: a program that calls ``leukokit.run`` keeps its own handlers.
"""

from __future__ import annotations

import _thread
import atexit
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

GRACE = 2.5
"""Seconds for an orderly end, before the process is ended from outside of the main thread."""

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_SHOW_CURSOR = "\x1b[?25h"


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived.

    Neither an ``Exception`` nor a ``KeyboardInterrupt`` nor a ``SystemExit``: libraries catch all of these,
    and go on or raise another error.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(_WORDS[signal.Signals(number)])
        self.number = number


@dataclass(slots=True)
class _Signals:
    """What arrived in this process.

    Attributes
    ----------
    arrived : int
        The first signal, 0 where none has arrived.
    raised : bool
        Whether the handler has raised it in the main thread.
    code : int, optional
        Exit code of a command that is done.
    """

    arrived: int = 0
    raised: bool = False
    code: int | None = None


_SIGNALS = _Signals()


def install() -> None:
    """Handle SIGINT and SIGTERM in this process from now on; a signal that is ignored stays ignored.

    Must be called in the main thread, before anything heavy is imported: until then Python's own handlers
    apply.
    """
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    for number in _WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    _thread.start_new_thread(_end_if_late, (wake_reader,))
    atexit.register(_end)  # registered first, called last
    sys.excepthook = _quiet_hook
    sys.unraisablehook = _quiet_unraisable_hook
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_reset_after_fork)


def check(error: BaseException | None = None) -> None:
    """Raise where this process is being stopped.

    Called before an error is handled, an image rejected, or a result kept.

    Parameters
    ----------
    error : BaseException, optional
        What was caught. Compiled code makes a ``SystemError`` of an interrupt, and an import an
        ``ImportError``; the interrupt is then its cause.

    Raises
    ------
    Stopped
        Where a signal has arrived.
    KeyboardInterrupt
        Where the error was caused by one that Python's handler of SIGINT may have raised. Where SIGINT is
        ignored, as in workers, or handled by this module, that handler raises none: then a plugin raised
        it, and it is an error like any other.
    """
    if _SIGNALS.arrived:
        raise Stopped(_SIGNALS.arrived) from error
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Stopped) or (isinstance(error, KeyboardInterrupt) and _may_raise_interrupt()):
            raise error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


@contextmanager
def sigint_blocked_in_children() -> Iterator[None]:
    """Block SIGINT in processes that this thread starts in the block.

    A terminal sends Ctrl-C to all processes of a command; only the first of them decides. A signal
    that arrives meanwhile waits for the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # if it started in the block, it would unblock SIGINT again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _may_raise_interrupt() -> bool:
    """Whether the handler of SIGINT may raise ``KeyboardInterrupt``."""
    return signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, signal.SIG_DFL, _on_signal)


def end_soon(end: SystemExit) -> None:
    """End the process with this code after its exit handlers.

    Python itself would then unload its modules one by one. After a run that takes a second, in which no
    signal handler runs.
    """
    if end.code is None or isinstance(end.code, int):
        _SIGNALS.code = end.code or 0


def end_at_once(number: int) -> NoReturn:
    """End all child processes, remove the temporary folders, and end with the code of the signal.

    Parameters
    ----------
    number : int
        The signal; the exit code is 128 more.
    """
    try:
        from leukokit.process.scratch import remove_own

        end_children()
        remove_own()
        end_children()  # processes that a thread of a pool has started meanwhile
        _write_last_line(_WORDS[signal.Signals(number)])
    finally:
        os._exit(128 + number)


def _write_last_line(word: str) -> None:
    """Write the last line to stderr, unless that would block because its reader does not read."""
    if sys.platform != "win32" and not select.select([], [2], [], 0)[1]:
        return
    cursor = _SHOW_CURSOR if os.isatty(2) else ""
    os.write(2, f"{cursor}error: {word}\n".encode())


def end_children() -> None:
    """Kill every process that descends from this one.

    Resource trackers are left: they remove semaphores once this process is gone, and then end.
    """
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            if not any("resource_tracker" in word for word in child.cmdline()):
                child.kill()
        except psutil.Error:
            continue


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if _SIGNALS.raised:  # the second signal: the user does not want to wait
        end_at_once(number)
    _SIGNALS.arrived = _SIGNALS.arrived or number
    _SIGNALS.raised = True
    raise Stopped(number)


def _end_if_late(wake_reader: int) -> None:
    """Wait for a signal: a main thread in compiled code may notice it much later."""
    arrived = None
    while arrived is None:
        arrived = next((number for number in os.read(wake_reader, 64) if number in _WORDS), None)
    _SIGNALS.arrived = _SIGNALS.arrived or arrived
    time.sleep(GRACE)
    end_at_once(_SIGNALS.arrived)


def _end() -> None:
    if _SIGNALS.arrived:
        end_at_once(_SIGNALS.arrived)
    if _SIGNALS.code is not None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # Python itself reports the error
        os._exit(_SIGNALS.code)


def _reset_after_fork() -> None:
    """Make a forked process an ordinary one: it does not handle signals as the command does."""
    _SIGNALS.arrived, _SIGNALS.raised = 0, False
    signal.set_wakeup_fd(-1)
    for number in _WORDS:
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def _quiet_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not _SIGNALS.arrived:
        sys.__excepthook__(kind, error, trace)


def _quiet_unraisable_hook(unraisable: UnraisableHookArgs) -> None:
    if not _SIGNALS.arrived:
        sys.__unraisablehook__(unraisable)
