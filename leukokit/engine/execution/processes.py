"""Work in processes of this machine; where one crashes, the run goes on."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver

from leukokit.api import Dataset, Sample
from leukokit.engine.components.origin import is_foreign
from leukokit.engine.execution.batches import BATCH
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.pool import WorkerPool
from leukokit.engine.execution.protocol import OnOutcome, Score
from leukokit.engine.execution.trials import in_processes_if_long, one_by_one
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.io.reading import content_keys
from leukokit.evaluation.tuning import Trial
from leukokit.process.scratch import socket_folder
from leukokit.process.stop import sigint_blocked_in_children


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
        Bytes that a process may use; where None, all may use a share of the machine's.
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
        WorkerPool(plan, worker_context(), self.count, self.timeout, self.memory).run(items, on_outcome)

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
    components = [plan.dataset, *(step.component for step in plan.steps())]
    return len(items) < 2 * BATCH and not any(map(is_foreign, components))


def worker_context() -> multiprocessing.context.BaseContext:
    """Give the way in which processes of this machine are started."""
    if sys.platform != "linux" or socket_folder() is None:
        return multiprocessing.get_context("spawn")
    # Plain fork would copy locks that threads of the parent hold. The fork server is a process without
    # threads that has the libraries loaded, so that a worker starts, or starts again after a crash, at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["leukokit.engine.execution.worker"])
    with sigint_blocked_in_children():
        forkserver.ensure_running()
    return context
