"""Run a function that calls foreign components in a process of its own, an isolated process.

If a component crashes, ends the process or takes all memory, the run gives an error that names it instead of
ending in silence. The process calls one function and ends; results come back as files or pickled.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_connection
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeAlias, TypeVar

import psutil

from leukokit.catalog.choice import SILENCE_VARIABLE
from leukokit.engine.components.call import CallPlace, calls_reported
from leukokit.engine.components.origin import is_foreign, is_foreign_module, origin_of
from leukokit.engine.execution.memory import MemoryLimit, gigabytes, used_memory
from leukokit.engine.execution.pool import exit_text
from leukokit.engine.execution.processes import worker_context
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.execution.worker import end_with_parent, stdout_to_stderr
from leukokit.engine.observer import Observer
from leukokit.errors import RunFailed

T = TypeVar("T")

_MEMORY_CHECK_SECONDS = 0.5  # seconds between two checks of the memory of the process


class _Process(Protocol):
    """A process of multiprocessing, of whatever context."""

    pid: int | None
    exitcode: int | None
    sentinel: int

    def kill(self) -> None: ...

    def join(self, timeout: float | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class _ObserverCall:
    """The work called a method of its observer."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    """The work is done."""

    result: Any


@dataclass(frozen=True, slots=True)
class _Raised:
    """The work raised an error."""

    error: BaseException


_Message: TypeAlias = _ObserverCall | CallPlace | _Done | _Raised


def run_isolated(
    work: Callable[..., T],
    *arguments: Any,
    components: Sequence[object],
    executor: Executor,
    observer: Observer,
) -> T:
    """Call ``work(*arguments, observer=...)`` in an isolated process where a foreign component takes part.

    It is called in this process where all components are leukokit's own, with the executor ``inline``, and
    where the function or an argument cannot be pickled.

    Parameters
    ----------
    work : callable
        A function at the top of a module.
    components : sequence of object
        Those that take part.

    Raises
    ------
    RunFailed
        Where the process died, naming the component and the method that was being called.
    LeukokitError
        As ``work`` raises it.
    """
    if executor.name == "inline" or not any(is_foreign(component) for component in components):
        return work(*arguments, observer=observer)
    try:
        packed = pickle.dumps((work, arguments))
    except Exception:  # a plugin's class may refuse in any way
        return work(*arguments, observer=observer)
    foreign = next(component for component in components if is_foreign(component))
    first = CallPlace(type(foreign).__module__, type(foreign).__name__, "__init__")
    result: T = _run_in_child(packed, first, executor, observer)
    return result


def run_before(
    work: Callable[..., None],
    *arguments: Any,
    first: CallPlace,
    executor: Executor,
    observer: Observer,
    silence: float | None = None,
) -> None:
    """Call ``work`` in an isolated process for the only purpose that this process does not die of the same.

    Nothing is called with the executor ``inline``, and where an argument cannot be pickled.

    Parameters
    ----------
    first : CallPlace
        What is named if the process dies before a call is reported.
    silence : float, optional
        Seconds that one call of a foreign component may take.

    Raises
    ------
    RunFailed, LeukokitError
        As :func:`run_isolated`, and where a call takes too long.
    """
    if executor.name == "inline":
        return
    try:
        packed = pickle.dumps((work, arguments))
    except Exception:  # values from a Python program may refuse in any way
        return
    _run_in_child(packed, first, executor, observer, silence)


def _run_in_child(
    packed: bytes, first: CallPlace, executor: Executor, observer: Observer, silence: float | None = None
) -> Any:
    place = _current_folder(), dict(os.environ)  # the fork server's may be older
    # Workers for images are idle meanwhile: this process may use as much memory as all of them.
    limit = MemoryLimit.of(None).total if executor.memory is None else executor.memory * executor.count
    context: Any = worker_context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, packed, *place), name="leukokit-component")
    try:
        process.start()
        sender.close()
        return _await_result(process, receiver, observer, limit, first, silence)
    finally:
        _end_family(process)
        receiver.close()


def _current_folder() -> Path | None:
    """Give the current folder; None where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _await_result(
    process: _Process,
    receiver: Connection,
    observer: Observer,
    limit: int,
    first: CallPlace,
    silence: float | None,
) -> Any:
    """Pass on the calls of its observer until the process is done; return its result."""
    place: CallPlace | None = None
    started = False
    called_at = monotonic()
    check_at = monotonic() + _MEMORY_CHECK_SECONDS
    while True:
        if monotonic() >= check_at:  # at its time, also while messages come without a break
            _check_memory(process, limit, place, first)
            check_at = monotonic() + _MEMORY_CHECK_SECONDS
        wait_for_connection([receiver, process.sentinel], timeout=_MEMORY_CHECK_SECONDS)
        try:
            message: _Message | None = receiver.recv() if receiver.poll() else None
        except EOFError:
            raise _died(process, place, started, first) from None
        match message:
            case _ObserverCall():
                started = True
                if message.method:
                    getattr(observer, message.method)(*message.arguments)
            case CallPlace():
                place, called_at = message, monotonic()
            case _Done():
                return message.result
            case _Raised():
                raise message.error
            case None if process.exitcode is not None and not receiver.poll():
                # A process that a plugin has forked may keep the connection open.
                raise _died(process, place, started, first)
            case None if silence is not None and monotonic() - called_at > silence:
                _refuse_silence(place, silence)


def _check_memory(process: _Process, limit: int, place: CallPlace | None, first: CallPlace) -> None:
    used = used_memory(process.pid or 0, family=True)
    if used > limit:
        raise _failure(
            f"its process used {gigabytes(used)} of memory, more than {gigabytes(limit)}",
            place,
            first,
            "Use fewer images or other parameters, or allow more with --worker-memory",
        )


def _refuse_silence(place: CallPlace | None, seconds: float) -> None:
    """Raise where a foreign component was called; leukokit's own may take their time."""
    if place is not None and is_foreign_module(place.module):
        hint = f"{place.advice}; {SILENCE_VARIABLE} sets another time limit"
        raise RunFailed(f"no sign of life for {seconds:g} s", where=str(place), hint=hint)


def _died(process: _Process, place: CallPlace | None, started: bool, first: CallPlace) -> RunFailed:
    process.join(5)
    how = exit_text(process.exitcode)
    if not started:
        return RunFailed(
            f"the process for {origin_of(first.module).name} could not start, {how}",
            hint="It imports the script that calls leukokit: put the call under "
            "if __name__ == '__main__':, or work in this process (executor='inline'; of predict, workers=1)",
        )
    hint = None
    if process.exitcode == -signal.SIGKILL:
        hint = "The system may have ended it for want of memory"
    return _failure(f"its process died, {how}", place, first, hint)


def _failure(what: str, place: CallPlace | None, first: CallPlace, hint: str | None) -> RunFailed:
    place = place or first
    return RunFailed(what, where=str(place), hint=hint or place.advice)


def _end_family(process: _Process) -> None:
    """End the process and all that it has started, whatever threads are left in it."""
    if process.pid is None:  # it did not start
        return
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    process.kill()
    process.join()


class _PipeObserver(Observer):
    """The observer of the work: sends each call to the process that waits for it."""

    def __init__(self, sender: Connection) -> None:
        self._sender = sender
        self._lock = threading.Lock()  # a component may report from threads of its own

    def send(self, message: _Message) -> None:
        with self._lock:
            self._sender.send(message)

    def stage(self, name: str, total: int) -> None:
        self.send(_ObserverCall("stage", (name, total)))

    def advance(self, count: int = 1) -> None:
        self.send(_ObserverCall("advance", (count,)))

    def say(self, text: str) -> None:
        self.send(_ObserverCall("say", (text,)))

    def warn(self, text: str) -> None:
        self.send(_ObserverCall("warn", (text,)))


def _child(sender: Connection, packed: bytes, folder: Path | None, environment: Mapping[str, str]) -> None:
    """Do the work and end, without waiting for threads, exit handlers and children that a component left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if folder is not None:
        os.chdir(folder)
    os.environ.update(environment)
    stdout_to_stderr()
    threading.Thread(target=end_with_parent, daemon=True).start()
    pipe_observer = _PipeObserver(sender)
    pipe_observer.send(_ObserverCall("", ()))
    try:
        with calls_reported(pipe_observer.send):
            work, arguments = pickle.loads(packed)  # noqa: S301 - from the process that runs the recipe
            message: _Message = _Done(work(*arguments, observer=pipe_observer))
            pickle.dumps(message)
    except BaseException as error:
        message = _Raised(_sendable(error))
    pipe_observer.send(message)
    _end_children()
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    os._exit(0)


def _sendable(error: BaseException) -> BaseException:
    """Give an error that survives pickling, with its traceback as a note."""
    text = "".join(traceback.format_exception_only(error)).strip()
    if not isinstance(error, Exception):  # raised there, it would end the process that waits
        return RunFailed(f"a component ended its process: {text}")
    if not getattr(error, "__notes__", None):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # an error class of a foreign library may do anything
        return RuntimeError(text)
    return error


def _end_children() -> None:
    """End the processes that a component has left: nothing else ends them after this process."""
    for child in multiprocessing.active_children():
        with contextlib.suppress(psutil.Error):  # joblib's have no method for this
            psutil.Process(child.pid).kill()
