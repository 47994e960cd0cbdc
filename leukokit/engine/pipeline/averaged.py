"""The mean of the probabilities of all folds' pipelines, for ``final: folds``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from leukokit.api import Dataset, Sample
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.prediction_io import REJECTED, decision_columns
from leukokit.process.scratch import scratch_folder


@dataclass(frozen=True)
class AveragedPipelines:
    """One fitted pipeline a fold, whose calibrated probabilities are averaged.

    Every image was in the training part of some fold, so the mean was never tested: the scores of the run are
    those of the single folds.

    Attributes
    ----------
    name : str
        Of the recipe.
    members : tuple of FittedPipeline
        Two or more, which know the same classes.
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where there was no validation part to choose it on.
    """

    name: str
    members: tuple[FittedPipeline, ...]
    operating_point: FittedOperatingPoint | None
    refer: FittedReferral | None

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the probability columns."""
        return self.members[0].classes

    @property
    def tested(self) -> bool:
        """False: every image was in the training part of some fold."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know before trusting a prediction, such as other versions of the libraries."""
        return tuple(dict.fromkeys(note for member in self.members for note in member.notes))

    def predict(
        self,
        images: Sequence[Sample | str | Path],
        *,
        dataset: Dataset | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Predict images with the pipeline of every fold, as :meth:`FittedPipeline.predict` does with one.

        Steps that the pipelines have in common are computed once: without a ``store`` their results are kept
        in a temporary folder. An image that one of them rejects is rejected.
        """
        executor = executor or ProcessExecutor(workers)
        with scratch_folder() as folder:
            store = store or Store(folder)
            tables = [
                member.predict(images, dataset=dataset, executor=executor, store=store, observer=observer)
                for member in self.members
            ]
        image_columns = tables[0][["id", "path", "status", "stage", "reason", "detail"]].copy()
        for table in tables[1:]:
            newly = (table["status"] == REJECTED) & (image_columns["status"] != REJECTED)
            image_columns.loc[newly] = table.loc[newly, image_columns.columns]
        used = (image_columns["status"] != REJECTED).to_numpy()
        columns = [f"p_{name}" for name in self.classes]
        proba = np.mean([table.loc[used, columns].to_numpy(np.float64) for table in tables], axis=0)
        decided = decision_columns(used, proba, self.classes, self.operating_point, self.refer)
        return pd.concat([image_columns, pd.DataFrame(decided, index=image_columns.index)], axis=1)
