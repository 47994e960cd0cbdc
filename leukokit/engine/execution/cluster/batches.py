"""Send batches to the workers of a cluster: a few at a time, and again where a worker dies.

Batches are large because a task costs dask about a millisecond whatever it holds. A batch that keeps killing
workers is cut up until what does it stands alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import islice
from typing import Any, Generic, TypeVar

from leukokit.engine.execution.batches import batches
from leukokit.errors import RunFailed

In = TypeVar("In")
Out = TypeVar("Out")

_SENT = 3  # batches handed out a thread of the cluster
_SHARES = 4  # batches that each thread of the cluster gets, at least, so that all end at about the same time
_PIECES = 8  # that a batch is cut into where it kills workers


class DaskBatches(Generic[In, Out]):
    """Batches of one kind of work on their way to the workers and back.

    Parameters
    ----------
    client : distributed.Client
    work : callable
        Takes a batch and ``arguments``, in a worker.
    arguments : tuple
        They travel with each batch: what is scattered to workers dies with them.
    on_done : callable
        Takes a batch and what ``work`` gave for it; called in this process, batches in any order.
    on_lost : callable
        Takes what every worker that was given it died of, the error, and whether nothing else was running;
        says whether that settles it. Dask suspects whatever waits at a worker that dies, so what did not kill
        it may come here, too: what is not settled is tried again alone.
    """

    def __init__(
        self,
        client: Any,
        work: Callable[..., Out],
        arguments: tuple[object, ...],
        on_done: Callable[[Sequence[In], Out], None],
        on_lost: Callable[[In, BaseException, bool], bool],
    ) -> None:
        self._client = client
        self._work = work
        self._arguments = arguments
        self._on_done = on_done
        self._on_lost = on_lost
        self._running: dict[Any, list[In]] = {}
        self._suspects: deque[In] = deque()

    def run(self, inputs: Sequence[In], size: int) -> None:
        """Work on all inputs, in batches of ``size``, or smaller ones where some workers would get none.

        Raises
        ------
        RunFailed
            Where the connection is lost.
        """
        threads = max(1, sum(self._client.nthreads().values()))
        queue = batches(inputs, max(1, min(size, -(-len(inputs) // (_SHARES * threads)))))
        pieces: deque[list[In]] = deque()
        alone = False
        sent = _SENT * threads
        done: Any = import_module("distributed").as_completed([], loop=self._client.loop)
        try:
            for batch in islice(queue, sent):
                done.add(self._submit(batch))
            for future in done:
                pieces.extend(self._settle(future, self._running.pop(future), alone=alone))
                following = pieces.popleft() if pieces else next(queue, None)
                while following is not None:
                    done.add(self._submit(following))
                    following = pieces.popleft() if pieces else None
                if self._suspects and not self._running:
                    alone = True
                    done.add(self._submit([self._suspects.popleft()]))
        finally:
            self._client.cancel(list(self._running))

    def _submit(self, batch: list[In]) -> Any:
        future = self._client.submit(self._work, batch, *self._arguments, pure=False, retries=0)
        self._running[future] = batch
        return future

    def _settle(self, future: Any, batch: list[In], *, alone: bool) -> list[list[In]]:
        """Hand over what came of a batch; what is to be done again instead, where nothing did."""
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
            if not self._on_lost(batch[0], error, alone):
                self._suspects.append(batch[0])
            return []
        if isinstance(error, CancelledError):
            raise RunFailed(
                "the connection to the dask scheduler was lost",
                hint="Start the scheduler again and run again; finished images are taken from the cache",
            ) from error
        raise error
