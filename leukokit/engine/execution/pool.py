"""A pool of worker processes for one plan; rejects images that hang or kill one or take too much memory."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

from leukokit.engine.cache.keys import deep_versions
from leukokit.engine.execution.batches import BATCH, batches
from leukokit.engine.execution.memory import MemoryLimit, used_memory
from leukokit.engine.execution.protocol import OnOutcome
from leukokit.engine.execution.worker import start_worker, work
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item, Rejection
from leukokit.errors import RunFailed
from leukokit.process.exit_code import signal_name

_DEEP_BATCH = 8
"""Images a task where a network computes: the timeout of one image then has to last for eight, not for 32."""

_DEEP_START = 60.0
"""Seconds on top of any timeout where a network computes: a worker's first image waits for its library."""

_QUEUED = 3  # tasks sent to each worker, so that memory stays flat however many images there are

_MEMORY_CHECK_SECONDS = 0.5  # seconds between two checks of the memory of the workers

_RENEWED_AT = 0.5
"""A worker that uses more than this share of its part of the memory is replaced between two tasks."""

_GROWN = 1.5
"""It is replaced only if it uses this many times as much as after its first tasks: a library that is large
from the start does not leak."""

_Task: TypeAlias = Future[list[ImageOutcome]]


@dataclass
class WorkerPool:
    """Works on images of one plan in several processes.

    Workers whose memory has grown, because a library leaks, are replaced while no task is running: no image
    is lost. A worker that exceeds its limit within a task is ended, and its images are worked on again one
    by one.

    Attributes
    ----------
    count : int
        Processes.
    timeout : float
        Seconds after which an image is given up.
    memory : int or None
        Bytes that a process may use; where None, all together may use a share of the machine's memory.
    """

    plan: ImagePlan
    context: multiprocessing.context.BaseContext
    count: int
    timeout: float
    memory: int | None
    _running: dict[_Task, list[Item]] = field(default_factory=dict)
    _suspects: list[Item] = field(default_factory=list)
    _killed: set[int] = field(default_factory=set)
    _first: dict[int, int] = field(default_factory=dict)
    _finished: int = 0
    _other_children: set[int | None] = field(default_factory=set)
    _checked_at: float = 0.0
    _must_renew: bool = False
    _repeated: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        # A network's library takes seconds to load in each worker.
        deep = any(deep_versions(step.component.requires) for step in self.plan.steps())
        self._size = _DEEP_BATCH if deep else BATCH
        self._seconds = self.timeout + (_DEEP_START if deep else 0.0)
        self._memory = MemoryLimit.of(self.memory)
        self._packed = pickle.dumps(self.plan)

    def run(self, items: Sequence[Item], on_outcome: OnOutcome) -> None:
        """Work on all items; one that hangs or crashes its process is rejected, and the others go on."""
        queue = batches(items, self._size)
        done = False
        while not done:
            done = self._run_processes(queue, on_outcome)

    def _run_processes(self, queue: Iterator[list[Item]], on_outcome: OnOutcome) -> bool:
        """Work with one set of processes; False where they have to be replaced before all is done."""
        from pebble import ProcessPool

        self._must_renew, self._finished = False, 0
        self._other_children = {process.pid for process in multiprocessing.active_children()}
        pool = ProcessPool(max_workers=self.count, context=self.context, initializer=start_worker)
        try:
            while True:
                self._feed(pool, queue)
                if not self._running:
                    break
                done, _ = wait(self._running, timeout=_MEMORY_CHECK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future, self._running.pop(future), on_outcome)
                self._check_memory()
            pool.close()  # type: ignore[no-untyped-call]
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
        finally:
            pool.join()
        return not self._must_renew

    def _feed(self, pool: Any, queue: Iterator[list[Item]]) -> None:
        while len(self._running) < _QUEUED * self.count and not self._must_renew:
            batch = next(queue, None)
            if batch is None and self._suspects and len(self._running) < self.count:
                # Suspects go last and one at a time, so that a crash names its image and costs no other; and
                # none waits for a worker, so that one that has grown is replaced before the next image.
                batch = [self._suspects.pop(0)]
            if batch is None:
                return
            future: _Task = pool.schedule(work, args=(self._packed, batch), timeout=self._seconds)
            self._running[future] = batch

    def _check_memory(self) -> None:
        """Check the memory of the workers: end one that uses too much, note whether they must be replaced."""
        if monotonic() - self._checked_at < _MEMORY_CHECK_SECONDS and not self._suspects:
            return
        self._checked_at = monotonic()
        children = multiprocessing.active_children()
        workers = {
            child.pid: child for child in children if child.pid and child.pid not in self._other_children
        }
        used = {pid: used_memory(pid) for pid in workers}
        for pid, count in used.items():
            first = self._first.setdefault(pid, count) if self._finished else count
            share = _RENEWED_AT * self._memory.of_one(self.count)
            self._must_renew = self._must_renew or count > max(share, _GROWN * first)
        largest = max(used, key=used.__getitem__, default=None)
        # Without a task there is nothing to stop: a worker that has grown is replaced. To pebble a pool
        # is broken if its idle worker is killed.
        busy = any(not future.done() for future in self._running)
        if largest is not None and busy and self._memory.exceeded(list(used.values())):
            self._killed.add(largest)
            workers[largest].kill()

    def _take(self, future: _Task, batch: list[Item], on_outcome: OnOutcome) -> None:
        if self._killed and _is_broken(future) and batch[0].index not in self._repeated:
            # The task of the worker that was killed for its memory had just ended: another set of processes.
            self._repeated.update(item.index for item in batch)
            self._suspects += batch
            self._must_renew = True
            return
        rejection = self._failure(future)
        if rejection is None:
            for outcome in future.result():
                on_outcome(outcome)
            self._finished += 1
        elif len(batch) > 1:
            self._suspects += batch
        else:
            on_outcome(ImageOutcome(index=batch[0].index, rejection=rejection))

    def _failure(self, future: _Task) -> Rejection | None:
        """Why a task gave no outcome; None where it gave one."""
        from pebble import ProcessExpired

        error = future.exception() if not future.cancelled() else CancelledError()
        if error is None:
            return None
        if isinstance(error, FutureTimeoutError):
            return Rejection("worker", "timeout", f"took longer than {self._seconds:g} s")
        if isinstance(error, ProcessExpired):
            if error.pid in self._killed:
                return Rejection(
                    "worker", "out_of_memory", f"the worker process used more than {self._memory}"
                )
            return Rejection("worker", "worker_died", f"the worker process died, {exit_text(error.exitcode)}")
        if isinstance(error, MemoryError):
            return Rejection("worker", "out_of_memory", str(error))
        if isinstance(error, BrokenProcessPool):
            raise RunFailed(
                "no worker process could start",
                hint="Workers import the script that calls leukokit: put the call under "
                "if __name__ == '__main__':, or work in this process (executor='inline'; of predict, "
                "workers=1)",
            ) from error
        raise error


def _is_broken(future: _Task) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)


def exit_text(code: int | None) -> str:
    """Say how a process ended."""
    if code is not None and code < 0:
        return f"signal {signal_name(code)}"
    return f"exit code {code}"
