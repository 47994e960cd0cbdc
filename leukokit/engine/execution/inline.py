"""Work in this process: nothing is started, and nothing protects the run from a crash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leukokit.api import Dataset, Sample
from leukokit.engine.execution.batches import BATCH, batches
from leukokit.engine.execution.protocol import OnOutcome, Score
from leukokit.engine.execution.trials import one_by_one
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.work import process_batch
from leukokit.engine.io.reading import content_keys
from leukokit.evaluation.tuning import Trial


@dataclass(frozen=True, slots=True)
class InlineExecutor:
    """Works on one image after the other, in the calling thread.

    Attributes
    ----------
    count : int
        Threads that read files for their digests.
    memory : int or None
        Not used: this process is not ended.
    """

    count: int = 1
    memory: int | None = None

    @property
    def name(self) -> str:
        """How users name it."""
        return "inline"

    @property
    def threads(self) -> int:
        """One: with this executor all work is done in the calling thread."""
        return 1

    def run_images(self, plan: ImagePlan, items: Sequence[Item], on_outcome: OnOutcome) -> None:
        """Work on all items; a crash of compiled code ends this process."""
        for batch in batches(items, BATCH):
            for outcome in process_batch(plan, batch):
                on_outcome(outcome)

    def content_keys(self, dataset: Dataset, identity: str, samples: Sequence[Sample]) -> list[str]:
        """Read the files here."""
        return content_keys(dataset, identity, samples, self.count)

    def run_trials(self, score: Score, trials: Iterable[Trial]) -> Iterable[float]:
        """Run trials one after the other."""
        return one_by_one(score, trials)

    def close(self) -> None:
        """Nothing was started."""
