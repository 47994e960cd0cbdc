"""Send batches to the workers of a cluster, a few at a time, and send them again where a worker dies.

Batches are large because a task costs dask about a millisecond whatever it holds. A batch that keeps killing
workers is divided until the input that does it is alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import islice
from time import monotonic
from typing import Any, Generic, TypeVar

from leukokit.engine.execution.batches import batches
from leukokit.engine.execution.cluster.connection import check_answers
from leukokit.errors import RunFailed, UsageError

In = TypeVar("In")
Out = TypeVar("Out")

_SENT = 3  # batches sent at a time for each thread of the cluster
_SHARES = 4  # batches for each thread of the cluster, at least, so that all end at about the same time
_LOOK_SECONDS = 0.1  # between two looks for batches that are done; one that ends is noticed at once
_QUIET_SECONDS = 30.0  # without a batch that ends, until the scheduler is asked for a sign of life
_PIECES = 8  # parts into which a batch that kills workers is divided


class DaskBatches(Generic[In, Out]):
    """Sends the batches of one kind of work to the workers and takes the results.

    Parameters
    ----------
    client : distributed.Client
    work : callable
        Takes a batch and ``arguments``, in a worker.
    arguments : tuple
        They are sent with each batch: data scattered to workers is lost when a worker dies.
    on_done : callable
        Takes a batch and what ``work`` gave for it; called in this process, batches in any order.
    on_failed : callable
        Takes an input whose workers all died, the error, and whether nothing else was running at that time.
        Returns whether the input is finished with; otherwise it is tried again alone. Dask blames every input
        that waits at a worker that dies, so an input without fault may be passed, too.
    """

    def __init__(
        self,
        client: Any,
        work: Callable[..., Out],
        arguments: tuple[object, ...],
        on_done: Callable[[Sequence[In], Out], None],
        on_failed: Callable[[In, BaseException, bool], bool],
    ) -> None:
        self._client = client
        self._work = work
        self._arguments = arguments
        self._on_done = on_done
        self._on_failed = on_failed
        self._running: dict[Any, list[In]] = {}
        self._suspects: deque[In] = deque()

    def run(self, inputs: Sequence[In], size: int) -> None:
        """Work on all inputs, in batches of ``size``, or smaller ones where some workers would get none.

        Raises
        ------
        RunFailed
            Where the connection is lost, or the scheduler does not answer any more.
        """
        check_answers(self._client)
        threads = max(1, sum(self._client.nthreads().values()))
        queue = batches(inputs, max(1, min(size, -(-len(inputs) // (_SHARES * threads)))))
        pieces: deque[list[In]] = deque()
        alone = False
        sent = _SENT * threads
        done: Any = import_module("distributed").as_completed([], loop=self._client.loop)
        try:
            for batch in islice(queue, sent):
                done.add(self._submit(batch))
            while self._wait(done):
                future = next(done)
                pieces.extend(self._settle(future, self._running.pop(future), alone=alone))
                next_batch = pieces.popleft() if pieces else next(queue, None)
                while next_batch is not None:
                    done.add(self._submit(next_batch))
                    next_batch = pieces.popleft() if pieces else None
                if self._suspects and not self._running:
                    alone = True
                    done.add(self._submit([self._suspects.popleft()]))
        finally:
            self._client.cancel(list(self._running))  # does not wait for the scheduler

    def _wait(self, done: Any) -> bool:
        """Wait until a future is done; False where none is left."""
        answered = monotonic()
        while not done.has_ready():
            if done.is_empty():
                return False
            with done.thread_condition:
                done.thread_condition.wait(_LOOK_SECONDS)
            if monotonic() - answered > _QUIET_SECONDS:
                check_answers(self._client)
                answered = monotonic()
        return True

    def _submit(self, batch: list[In]) -> Any:
        future = self._client.submit(self._work, batch, *self._arguments, pure=False, retries=0)
        self._running[future] = batch
        return future

    def _settle(self, future: Any, batch: list[In], *, alone: bool) -> list[list[In]]:
        """Hand over the result of a batch; returns batches to run again where it failed."""
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self._on_done(batch, future.result())
            return []
        if isinstance(error, KilledWorker | MemoryError):
            if len(batch) > 1:
                # Not halves: each try costs workers, and eighths need a third of the rounds.
                return list(batches(batch, -(-len(batch) // _PIECES)))
            if not self._on_failed(batch[0], error, alone):
                self._suspects.append(batch[0])
            return []
        if isinstance(error, CancelledError):
            raise RunFailed(
                "the connection to the dask scheduler was lost",
                hint="Start the scheduler again and run again; finished images are taken from the cache",
            ) from error
        if isinstance(error, ImportError):
            raise UsageError(
                f"a dask worker cannot import what the run uses: {error}",
                hint="Install the same plugins on all workers, and start them again",
            ) from error
        raise error
