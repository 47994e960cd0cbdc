"""Work in processes of this machine; where one crashes, the run goes on."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from leukokit.api import Dataset, Sample
from leukokit.engine.cache.keys import deep_versions
from leukokit.engine.execution.batches import BATCH, batches
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.protocol import OnOutcome, Score
from leukokit.engine.execution.trials import in_processes_if_long, one_by_one
from leukokit.engine.execution.worker import start_worker, work
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item, Rejection
from leukokit.engine.io.reading import content_keys
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Trial

_DEEP_BATCH = 8
"""Images a task where a network computes: the timeout of one image then has to last for eight, not for 32."""

_DEEP_START = 60.0
"""Seconds on top of any timeout where a network computes: a worker's first image waits for its library."""

_QUEUED = 3  # tasks sent to each worker, so that memory stays flat however many images there are


@dataclass(frozen=True, slots=True)
class ProcessExecutor:
    """Works in processes of this machine.

    Attributes
    ----------
    count : int
        Processes.
    timeout : float
        Seconds after which an image is given up. A batch gets no more than that; one that takes longer is
        done again image by image, so that only the image that hangs is lost.
    always : bool
        False for the executor ``auto``: few images, and no foreign code, are worked on in this process.
    memory : int or None
        Bytes that a process may use; a share of the machine's memory where None.
    """

    count: int = 1
    timeout: float = 120.0
    always: bool = False
    memory: int | None = None

    @property
    def name(self) -> str:
        """How users name it."""
        return "processes" if self.always else "auto"

    @property
    def threads(self) -> int:
        """As many as there are processes."""
        return max(1, self.count)

    def run_images(self, plan: ImagePlan, items: Sequence[Item], on_outcome: OnOutcome) -> None:
        """Work on all items; one that hangs or crashes its process is rejected, and the others go on."""
        if not items:
            return
        if not self.always and _small(plan, items):
            InlineExecutor().run_images(plan, items, on_outcome)
            return
        _run_in_processes(plan, items, self.count, self.timeout, on_outcome)

    def content_keys(self, dataset: Dataset, identity: str, samples: Sequence[Sample]) -> list[str]:
        """Read the files in threads of this process: hashing runs outside of Python's lock."""
        return content_keys(dataset, identity, samples, self.count)

    def run_trials(self, score: Score, trials: Iterable[Trial]) -> Iterable[float]:
        """Run the first trial in this process, and the others in processes if they take long."""
        if self.count < 2:
            return one_by_one(score, trials)
        return in_processes_if_long(score, trials, self.count)

    def close(self) -> None:
        """Nothing outlives a call: each starts processes of its own and waits for their end."""


def _small(plan: ImagePlan, items: Sequence[Item]) -> bool:
    """Few images and no foreign code: starting processes would cost more than it can save or protect."""
    built_in = all(type(step.component).__module__.startswith("leukokit.") for step in plan.steps())
    return built_in and len(items) < 2 * BATCH


def _deep(plan: ImagePlan) -> bool:
    """Whether some step computes with a network, whose library takes seconds to load in each worker."""
    return any(deep_versions(step.component.requires) for step in plan.steps())


def _run_in_processes(
    plan: ImagePlan, items: Sequence[Item], count: int, timeout: float, on_outcome: OnOutcome
) -> None:
    from pebble import ProcessPool

    packed = pickle.dumps(plan)
    pool = ProcessPool(max_workers=count, context=worker_context(), initializer=start_worker)
    deep = _deep(plan)
    queue = batches(items, _DEEP_BATCH if deep else BATCH)
    limit = timeout + (_DEEP_START if deep else 0.0)
    retried_alone: list[Item] = []
    running: dict[Future[list[ImageOutcome]], list[Item]] = {}
    try:
        while True:
            while len(running) < _QUEUED * count:
                # Suspects go last and one at a time, so that a crash names its image and costs no other.
                batch = next(queue, None) or ([retried_alone.pop(0)] if retried_alone else None)
                if batch is None:
                    break
                future: Future[list[ImageOutcome]] = pool.schedule(work, args=(packed, batch), timeout=limit)
                running[future] = batch
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                rejection = _failure(future, limit)
                if rejection is None:
                    for outcome in future.result():
                        on_outcome(outcome)
                elif len(batch) > 1:
                    retried_alone += batch
                else:
                    on_outcome(ImageOutcome(index=batch[0].index, rejection=rejection))
        pool.close()  # type: ignore[no-untyped-call]
    except BaseException:
        pool.stop()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.join()


def _failure(future: Future[list[ImageOutcome]], timeout: float) -> Rejection | None:
    """Why a task gave no outcome; None where it gave one."""
    from pebble import ProcessExpired

    error = future.exception() if not future.cancelled() else CancelledError()
    if error is None:
        return None
    if isinstance(error, FutureTimeoutError):
        return Rejection("worker", "timeout", f"took longer than {timeout:g} s")
    if isinstance(error, ProcessExpired):
        return Rejection("worker", "worker_died", f"the worker process died, {exit_text(error.exitcode)}")
    if isinstance(error, MemoryError):
        return Rejection("worker", "out_of_memory", str(error))
    if isinstance(error, BrokenProcessPool):
        raise RunFailed(
            "no worker process could start",
            hint="Workers import the script that calls leukokit.run: put the call under "
            "if __name__ == '__main__':, or use executor='inline'",
        ) from error
    raise error


def exit_text(code: int | None) -> str:
    """Say how a process ended."""
    if code is not None and code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def worker_context() -> multiprocessing.context.BaseContext:
    """Give the way in which processes of this machine are started."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    # Plain fork would copy locks that threads of the parent hold. The fork server is a process without
    # threads that has the libraries loaded, so that a worker starts, or starts again after a crash, at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["leukokit.engine.execution.worker"])
    return context
