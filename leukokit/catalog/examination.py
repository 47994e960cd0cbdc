"""Examine the plugins of a distribution, in a child process that may die without harm.

The child (:mod:`leukokit.catalog.child`) reports each step before it takes it. Where it ends or is silent for
too long, the plugin of that step is broken, and a new child examines the distribution's other plugins.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from time import monotonic
from typing import IO, Any

from leukokit.catalog.child import START
from leukokit.catalog.choice import silence_limit
from leukokit.catalog.installed import InstalledPlugins, absolute_path
from leukokit.catalog.kinds import KindTable
from leukokit.catalog.report import DistributionReport, LoadedComponent, PluginReport, offers_from
from leukokit.process.exit_code import signal_name

_MOST_CHILDREN = 4  # children; each is busy with importing, and a laptop has other work
_PRINTED = 2000  # characters of a plugin's output that are shown, the last ones
_POLL_SECONDS = 0.2  # seconds between two checks whether a silent child still runs
_LAST_LINES = 1.0  # seconds for the last lines of a child that has ended to arrive
# These do not come from a plugin: a user, or the system for lack of memory, ended the child.
_EXTERNAL_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)
)


def examine(
    installed: Sequence[InstalledPlugins], kinds: KindTable, *, load: bool = False
) -> list[DistributionReport]:
    """Examine the plugins of several distributions, each in a process of its own.

    Parameters
    ----------
    installed : sequence of InstalledPlugins
    kinds : KindTable
    load : bool
        Import the components, too, and report how that went.

    Returns
    -------
    list of DistributionReport
        In the order of ``installed``.
    """
    children = _Children()
    ask = partial(_examine_one, kinds=kinds, limit=silence_limit(), load=load, children=children)
    with ThreadPoolExecutor(max_workers=_MOST_CHILDREN) as pool:
        try:
            return list(pool.map(ask, installed))
        except BaseException:
            children.end_all()  # otherwise an interrupt would wait for a plugin that hangs
            raise


class _Children:
    """The child processes that are running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    @contextlib.contextmanager
    def start(self, printed: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        """Start a child, and end it with the block.

        Raises
        ------
        OSError
            Where no child can be started.
        """
        with self._lock:
            if self._stopped:
                raise InterruptedError("stopped")
            process = subprocess.Popen(
                [sys.executable, "-c", START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                start_new_session=os.name == "posix",  # so that what a plugin starts can be ended with it
            )
            self._running.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)

    def end_all(self) -> None:
        """End all children, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)


def _examine_one(
    installed: InstalledPlugins, kinds: KindTable, limit: float, children: _Children, *, load: bool
) -> DistributionReport:
    if installed.problem:
        return DistributionReport((PluginReport(installed.distribution, reason=installed.problem),))
    reports: list[PluginReport] = []
    printed = ""
    while len(reports) < len(installed.points):
        question = {
            "path": absolute_path(),
            "points": installed.points[len(reports) :],
            "distribution": installed.distribution,
            "version": installed.version,
            "kinds": [asdict(kind) for kind in kinds],
            "load": load,
            "seconds": limit,
        }
        answers = _ask(question, limit, children)
        reports += answers.reports()
        printed += answers.printed
    return DistributionReport(tuple(reports), printed.strip()[-_PRINTED:])


@dataclass(slots=True)
class _Answers:
    """What one child reported."""

    points: Sequence[tuple[str, str]]
    lines: list[dict[str, Any]] = field(default_factory=list)
    end: str = ""
    lasting: bool = True
    printed: str = ""

    def reports(self) -> list[PluginReport]:
        """One for each examined plugin; the last is broken where the child did not end in order."""
        try:
            return self._reports()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Only the plugin itself can have written to the pipe of the answers.
            why = f"its answer cannot be read ({type(error).__name__}: {error})"
            return [PluginReport(name, reason=why) for name, _ in self.points]

    def _reports(self) -> list[PluginReport]:
        reports: list[PluginReport] = []
        components: list[LoadedComponent] = []
        doing = "starting Python"
        for line in self.lines:
            name = self.points[len(reports)][0] if len(reports) < len(self.points) else ""
            if "doing" in line:
                doing = line["doing"]
            elif "component" in line:
                components.append(LoadedComponent(**line["component"]))
            elif "reason" in line:
                reports.append(PluginReport(name, reason=line["reason"], seconds=line["seconds"]))
            elif "offers" in line:
                reports.append(
                    PluginReport(
                        name,
                        offers_from(line["offers"]),
                        seconds=line["seconds"],
                        components=tuple(components),
                    )
                )
                components = []
        if len(reports) < len(self.points):
            reason = f"{self.end} while {doing}; 'leukokit doctor' tries again"
            broken = PluginReport(
                self.points[len(reports)][0],
                reason=reason,
                lasting=self.lasting,
                components=tuple(components),
            )
            reports.append(broken)
        return reports


def _ask(question: dict[str, Any], limit: float, children: _Children) -> _Answers:
    """Start a child, read its answers, and end it."""
    answers = _Answers(question["points"])
    with _printed_file() as printed:
        try:
            with children.start(printed) as process:
                _read_answers(process, question, limit, answers)
        except OSError as error:
            answers.end, answers.lasting = f"a child process cannot be started ({error.strerror})", False
        answers.printed = _end_of(printed)
    return answers


def _read_answers(
    process: subprocess.Popen[bytes], question: dict[str, Any], limit: float, answers: _Answers
) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # the child is dead already; the loop below notices it
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
    for line in _lines(process, limit):
        if line is None:
            answers.end = f"no sign of life for {limit:g} s"
            return
        try:
            said = json.loads(line)
        except ValueError:
            answers.end = "it wrote into the answers to leukokit"
            return
        if not isinstance(said, dict):
            answers.end = "it wrote into the answers to leukokit"
            return
        if said.get("done"):
            return
        answers.lines.append(said)
    answers.end, answers.lasting = _ending(process)


def _lines(process: subprocess.Popen[bytes], limit: float) -> Iterator[bytes | None]:
    """Lines of the child until it ends; None, as the last one, where it is silent for too long.

    A process that a plugin started may hold the pipe open when the child is dead, so its end is not awaited.
    """
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    assert process.stdout is not None
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    last_line_at = monotonic()
    ended = False
    while True:
        try:
            line = lines.get(timeout=_LAST_LINES if ended else _POLL_SECONDS)
        except queue.Empty:
            if ended:
                return
            ended = process.poll() is not None
            if not ended and monotonic() - last_line_at > limit:
                yield None
                return
        else:
            if not line:
                return
            last_line_at = monotonic()
            yield line


def _read(pipe: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(b"")


def _ending(process: subprocess.Popen[bytes]) -> tuple[str, bool]:
    """How a child ended before it was done, and whether it would end the same way again."""
    try:
        code = process.wait(timeout=_LAST_LINES)
    except subprocess.TimeoutExpired:
        return "it closed the answers to leukokit", True
    if code >= 0:
        return f"its process ended with exit code {code}", True
    return f"its process died of signal {signal_name(code)}", -code not in _EXTERNAL_SIGNALS


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.wait()
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the child, and on POSIX what it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _printed_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # no folder for temporary files can be written to
        return open(os.devnull, "w+b")  # noqa: PTH123 - the caller closes it


def _end_of(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 4 * _PRINTED))
    return file.read().decode("utf-8", "backslashreplace")
