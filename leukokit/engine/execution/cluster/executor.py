"""Work on a dask cluster, with the results of one machine to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leukokit.api import Dataset, Sample
from leukokit.engine.execution.cluster.connection import DaskConnection
from leukokit.engine.execution.cluster.digests import content_keys_on_dask
from leukokit.engine.execution.cluster.images import run_images_on_dask
from leukokit.engine.execution.cluster.trials import run_trials_on_dask
from leukokit.engine.execution.protocol import OnOutcome, Score
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.evaluation.tuning import Trial


class DaskExecutor:
    """Hands work to dask workers; connects when the first work comes, and stays connected until closed.

    Parameters
    ----------
    scheduler : str, optional
        Address of a running scheduler; without one, ``count`` processes of this machine form a cluster.
    count : int
    timeout : float
        Seconds after which one image is given up.
    """

    name = "dask"
    memory: int | None = None

    def __init__(self, scheduler: str | None = None, *, count: int = 1, timeout: float = 120.0) -> None:
        self.count = count
        self.connection = DaskConnection(scheduler, count)
        self._timeout = timeout

    @property
    def threads(self) -> int:
        """As many as there would be processes: what is not sent to the cluster is done here."""
        return max(1, self.count)

    def run_images(self, plan: ImagePlan, items: Sequence[Item], on_outcome: OnOutcome) -> None:
        """Work on all items where the workers are.

        Raises
        ------
        MissingPackageError
            Where dask is not installed.
        UsageError
            Where the scheduler cannot be reached, has no workers, or has other versions than this process.
        RunFailed
            Where the connection is lost.
        """
        if items:
            run_images_on_dask(plan, items, self.connection, timeout=self._timeout, on_outcome=on_outcome)

    def content_keys(self, dataset: Dataset, identity: str, samples: Sequence[Sample]) -> list[str]:
        """Digests of all samples; the workers read the files, this process reads none."""
        return content_keys_on_dask(dataset, identity, samples, self.connection)

    def run_trials(self, score: Score, trials: Iterable[Trial]) -> Iterable[float]:
        """Scores of all trials, tried by the workers."""
        return run_trials_on_dask(score, trials, self.connection)

    def close(self) -> None:
        """Leave the cluster, and end it where it was made here."""
        self.connection.close()
