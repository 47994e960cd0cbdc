"""The interface of executors, which do the work of a run. The choice of executor never changes a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from leukokit.api import Dataset, Sample
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item
from leukokit.evaluation.tuning import Trial

OnOutcome: TypeAlias = Callable[[ImageOutcome], None]
Score: TypeAlias = Callable[[Trial], float]
TrialRunner: TypeAlias = Callable[[Score, Iterable[Trial]], Iterable[float]]


class Executor(Protocol):
    """Does the work of a run: in this process, in several of this machine, or on a dask cluster.

    A run makes one executor and hands it down to all its stages; :meth:`close` ends it.
    """

    @property
    def name(self) -> str:
        """How users name it: ``auto``, ``inline``, ``processes`` or ``dask``."""

    @property
    def count(self) -> int:
        """Processes that it uses on this machine, and threads that read files here."""

    @property
    def memory(self) -> int | None:
        """Bytes that each process of this machine may use; None where only their sum is limited."""

    @property
    def threads(self) -> int:
        """Threads of this process that may compute at the same time."""

    def run_images(self, plan: ImagePlan, items: Sequence[Item], on_outcome: OnOutcome) -> None:
        """Work on all items and hand over each outcome as it comes; the order of outcomes is not fixed.

        Raises
        ------
        LeukokitError
            Where no worker can be had. An image that fails, hangs or crashes a worker is an outcome.
        """

    def content_keys(self, dataset: Dataset, identity: str, samples: Sequence[Sample]) -> list[str]:
        """Digest of each sample, in order, as ``leukokit.engine.io.reading.content_keys`` defines it."""

    def run_trials(self, score: Score, trials: Iterable[Trial]) -> Iterable[float]:
        """Score of each trial, in order; every trial runs on one thread.

        Raises
        ------
        RunFailed
            Where a process died of a trial.
        """

    def close(self) -> None:
        """End what the executor started and still holds; it is not used any more."""
