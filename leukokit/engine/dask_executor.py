"""Carry out an image plan on a dask cluster: the same work in larger batches, on machines that come and go.

Batches are large because a task costs dask about a millisecond whatever it holds. Images are read where the
workers are; only paths and results travel. A worker that dies costs nothing but time: its batches are done
again elsewhere. A batch that keeps killing workers is cut up until the image that does it stands alone.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from itertools import islice
from time import sleep
from typing import Any

from leukokit._version import __version__
from leukokit.engine.executors import Workers, batches, unpacked_plan
from leukokit.engine.image_plan import ImagePlan, Item, Outcome, Rejection
from leukokit.engine.image_work import process_batch
from leukokit.engine.keys import library_versions
from leukokit.errors import MissingPackageError, RunFailed, UsageError

BATCH = 250
_AT_ONCE = 32  # images that share the time limit of one, and whose results are cached together
_WINDOW = 3  # batches in flight a thread of the cluster
_PIECES = 8  # that a batch is cut into where it kills workers
_JOIN_SECONDS = 60
_TOO_LONG = "leukokit-too-long"
_LAST_WORDS = 0.5  # seconds for a worker to tell why it ends


def execute_on_dask(
    plan: ImagePlan, items: Sequence[Item], workers: Workers, on_outcome: Callable[[Outcome], None]
) -> None:
    """Work on all items and hand over each outcome as it comes; the order of outcomes is not fixed.

    Parameters
    ----------
    workers : Workers
        ``scheduler`` is the address of a running scheduler; without one, ``count`` processes of this machine
        form a cluster for as long as this call takes.

    Raises
    ------
    MissingPackageError
        Where dask is not installed.
    UsageError
        Where the scheduler cannot be reached, has no workers, or has other versions than this process.
    RunFailed
        Where the connection is lost.
    """
    with _client(workers) as client:
        _Crew(client, plan, workers.timeout, on_outcome).work(items)


class _Crew:
    """Batches on their way through a cluster."""

    def __init__(
        self, client: Any, plan: ImagePlan, timeout: float, on_outcome: Callable[[Outcome], None]
    ) -> None:
        self._client = client
        self._packed = pickle.dumps(plan)
        self._timeout = timeout
        self._on_outcome = on_outcome
        self._flying: dict[Any, list[Item]] = {}

    def work(self, items: Sequence[Item]) -> None:
        queue = batches(items, BATCH)
        pieces: deque[list[Item]] = deque()
        window = _WINDOW * max(1, sum(self._client.nthreads().values()))
        done: Any = import_module("distributed").as_completed([])
        try:
            for batch in islice(queue, window):
                done.add(self._submit(batch))
            for future in done:
                pieces.extend(self._settle(future, self._flying.pop(future)))
                following = pieces.popleft() if pieces else next(queue, None)
                while following is not None:
                    done.add(self._submit(following))
                    following = pieces.popleft() if pieces else None
        finally:
            self._client.cancel(list(self._flying))

    def _submit(self, batch: list[Item]) -> Any:
        # The plan travels with each batch: what is scattered to workers dies with them.
        future = self._client.submit(
            _work, self._packed, batch, self._timeout, versions(), pure=False, retries=0
        )
        self._flying[future] = batch
        return future

    def _settle(self, future: Any, batch: list[Item]) -> list[list[Item]]:
        """Hand over a batch's outcomes; what is to be done again instead, where it has none."""
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            for outcome in future.result():
                self._on_outcome(outcome)
            return []
        if isinstance(error, KilledWorker | MemoryError):
            if len(batch) > 1:
                # Not halves: each try costs workers, and eighths need a third of the rounds.
                return list(batches(batch, -(-len(batch) // _PIECES)))
            self._on_outcome(Outcome(index=batch[0].index, rejection=self._lost(error, batch[0])))
            return []
        if isinstance(error, CancelledError):
            raise RunFailed(
                "the connection to the dask scheduler was lost",
                hint="Start the scheduler again and run again; finished images are taken from the cache",
            ) from error
        raise error

    def _lost(self, error: BaseException, item: Item) -> Rejection:
        if isinstance(error, MemoryError):
            return Rejection("worker", "out_of_memory", str(error))
        if any(list(said) == [item.index] for _, said in self._client.get_events(_TOO_LONG) or ()):
            return Rejection("worker", "timeout", f"took longer than {self._timeout:g} s")
        return Rejection("worker", "worker_died", "every dask worker that was given this image died")


def versions() -> tuple[tuple[str, str], ...]:
    """Versions that results depend on, which all workers must share."""
    return (("leukokit", __version__), *library_versions())


def _work(
    packed: bytes, batch: list[Item], timeout: float, expected: tuple[tuple[str, str], ...]
) -> list[Outcome]:
    """Work on a batch, in a dask worker; a batch that hangs takes its worker along, as nothing else helps."""
    _prepare()
    if versions() != expected:
        differing = ", ".join(
            f"{name} {there} instead of {here}"
            for (name, here), (_, there) in zip(expected, versions(), strict=True)
            if here != there
        )
        raise UsageError(
            f"a dask worker has {differing}; results would depend on who works",
            hint="Install the same versions on all workers",
        )
    outcomes = []
    for some in batches(batch, _AT_ONCE):
        with _time_limit(timeout, some):
            outcomes += process_batch(unpacked_plan(packed), some)
    return outcomes


@contextmanager
def _time_limit(seconds: float, items: Sequence[Item]) -> Iterator[None]:
    """End this worker process where the work takes too long; its nanny starts another."""
    from distributed import get_worker

    worker = get_worker()

    def give_up() -> None:
        worker.log_event(_TOO_LONG, [item.index for item in items])
        sleep(_LAST_WORDS)
        os._exit(70)

    watch = threading.Timer(seconds, give_up)
    watch.daemon = True
    watch.start()
    # Where compiled code hangs and never lets another thread run, this one still ends the process.
    faulthandler.dump_traceback_later(seconds + 5 * _LAST_WORDS, exit=True)
    try:
        yield
    finally:
        watch.cancel()
        faulthandler.cancel_dump_traceback_later()


@lru_cache(maxsize=1)
def _prepare() -> None:
    """One thread a task: the cluster already has as many tasks at once as it has threads."""
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1)


@contextmanager
def _client(workers: Workers) -> Iterator[Any]:
    try:
        distributed: Any = import_module("distributed")  # untyped
    except ImportError as error:
        raise MissingPackageError(
            "the executor dask needs the package distributed", hint="Run: pip install 'leukokit[dask]'"
        ) from error

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # workers that die are ours to tell of
    if workers.scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers.count, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(workers.scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the dask scheduler cannot be reached: {str(error) or type(error).__name__}",
            where=f"--scheduler {workers.scheduler}",
            hint="Start one with 'dask scheduler', and workers with 'dask worker ADDRESS'",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_JOIN_SECONDS)
        except TimeoutError as error:
            raise UsageError(
                f"the dask scheduler has had no worker for {_JOIN_SECONDS} s",
                where=f"--scheduler {workers.scheduler}",
                hint=f"Start workers with 'dask worker {workers.scheduler}'",
            ) from error
        yield client
