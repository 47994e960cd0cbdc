"""Carry out an image plan in this process, or in several that may crash without taking the run along."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from multiprocessing.connection import wait as wait_for_connection
from typing import TYPE_CHECKING, TypeVar

from leukokit.engine.cache.keys import deep_versions
from leukokit.engine.images.plan import ImagePlan, Item, Outcome, Rejection
from leukokit.engine.images.work import process_batch
from leukokit.errors import RunFailed

if TYPE_CHECKING:
    from leukokit.engine.execution.cluster.connection import Cluster

T = TypeVar("T")

BATCH = 32
"""Images a task: large enough that sending it costs nothing, small enough that both cores finish together."""

_DEEP_BATCH = 8
"""Images a task where a network computes: the timeout of one image then has to last for eight, not for 32."""

_DEEP_START = 60.0
"""Seconds on top of any timeout where a network computes: a worker's first image waits for its library."""

_WINDOW = 3  # tasks in flight a worker, so that memory stays flat however many images there are


class ExecutorKind(StrEnum):
    """How images are worked on."""

    AUTO = "auto"
    INLINE = "inline"
    PROCESSES = "processes"
    DASK = "dask"


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes work, and how long one image may take.

    Attributes
    ----------
    kind : ExecutorKind
    count : int
    timeout : float
        Seconds after which an image is given up. A batch gets no more than that; one that takes longer is
        done again image by image, so that only the image that hangs is lost.
    scheduler : str or None
        Address of a dask scheduler, for ``DASK``; a cluster of this machine where None.
    cluster : Cluster or None
        The run's connection to it, where the stages of a run share one.
    """

    kind: ExecutorKind = ExecutorKind.AUTO
    count: int = 1
    timeout: float = 120.0
    scheduler: str | None = None
    cluster: Cluster | None = field(default=None, compare=False, repr=False)


def execute(
    plan: ImagePlan, items: Sequence[Item], workers: Workers, on_outcome: Callable[[Outcome], None]
) -> None:
    """Work on all items and hand over each outcome as it comes; the order of outcomes is not fixed."""
    if not items:
        return
    if workers.kind is ExecutorKind.DASK:
        from leukokit.engine.execution.cluster.images import execute_on_dask

        execute_on_dask(plan, items, workers, on_outcome)
        return
    if workers.kind is ExecutorKind.INLINE or (workers.kind is ExecutorKind.AUTO and _small(plan, items)):
        for batch in batches(items, BATCH):
            for outcome in process_batch(plan, batch):
                on_outcome(outcome)
    else:
        _execute_in_processes(plan, items, workers, on_outcome)


def _small(plan: ImagePlan, items: Sequence[Item]) -> bool:
    """Few images and no foreign code: starting processes would cost more than it can save or protect."""
    built_in = all(type(step.component).__module__.startswith("leukokit.") for step in plan.steps())
    return built_in and len(items) < 2 * BATCH


def _deep(plan: ImagePlan) -> bool:
    """Whether some step computes with a network, whose library takes seconds to load in each worker."""
    return any(deep_versions(step.component.requires) for step in plan.steps())


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of ``size``, the last one shorter."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


def _execute_in_processes(
    plan: ImagePlan, items: Sequence[Item], workers: Workers, on_outcome: Callable[[Outcome], None]
) -> None:
    from pebble import ProcessPool

    packed = pickle.dumps(plan)
    pool = ProcessPool(max_workers=workers.count, context=_context(), initializer=_start_worker)
    deep = _deep(plan)
    queue = batches(items, _DEEP_BATCH if deep else BATCH)
    timeout = workers.timeout + (_DEEP_START if deep else 0.0)
    alone: list[Item] = []
    flying: dict[Future[list[Outcome]], list[Item]] = {}
    try:
        while True:
            while len(flying) < _WINDOW * workers.count:
                # Suspects go last and one at a time, so that a crash names its image and costs no other.
                batch = next(queue, None) or ([alone.pop(0)] if alone else None)
                if batch is None:
                    break
                future: Future[list[Outcome]] = pool.schedule(_work, args=(packed, batch), timeout=timeout)
                flying[future] = batch
            if not flying:
                break
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                batch = flying.pop(future)
                lost = _lost(future, timeout)
                if lost is None:
                    for outcome in future.result():
                        on_outcome(outcome)
                elif len(batch) > 1:
                    alone += batch
                else:
                    on_outcome(Outcome(index=batch[0].index, rejection=lost))
        pool.close()  # type: ignore[no-untyped-call]
    except BaseException:
        pool.stop()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.join()


def _lost(future: Future[list[Outcome]], timeout: float) -> Rejection | None:
    """Why a task gave no outcome; None where it gave one."""
    from pebble import ProcessExpired

    error = future.exception() if not future.cancelled() else CancelledError()
    if error is None:
        return None
    if isinstance(error, FutureTimeoutError):
        return Rejection("worker", "timeout", f"took longer than {timeout:g} s")
    if isinstance(error, ProcessExpired):
        return Rejection("worker", "worker_died", f"the worker process died, {_exit_text(error.exitcode)}")
    if isinstance(error, MemoryError):
        return Rejection("worker", "out_of_memory", str(error))
    if isinstance(error, BrokenProcessPool):
        raise RunFailed(
            "no worker process could start",
            hint="Workers import the script that calls leukokit.run: put the call under "
            "if __name__ == '__main__':, or use executor='inline'",
        ) from error
    raise error


def _exit_text(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


@lru_cache(maxsize=1)
def unpacked_plan(packed: bytes) -> ImagePlan:
    """Keep the plan between batches: components may hold tables that are worth building once a worker."""
    plan = pickle.loads(packed)  # noqa: S301 - our own bytes, from the parent process
    assert isinstance(plan, ImagePlan)
    return plan


def _work(packed: bytes, batch: list[Item]) -> list[Outcome]:
    return process_batch(unpacked_plan(packed), batch)


def _context() -> multiprocessing.context.BaseContext:
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    # Plain fork would copy the parent's threads' locks; the fork server is a clean process that has the
    # libraries loaded, so that a worker starts (or starts again after a crash) at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["leukokit.engine.images.work"])
    return context


# One thread a worker here too, and no worker may take the whole memory of an accelerator for itself. Read by
# the libraries when a component loads them; what the user has set stays.
_DEEP_SETTINGS = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def _start_worker() -> None:
    import cv2
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)  # one thread a worker: as many workers as cores are already asked for
    threadpool_limits(1)
    for name, value in _DEEP_SETTINGS.items():
        os.environ.setdefault(name, value)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_connection([parent.sentinel])
        os._exit(1)
