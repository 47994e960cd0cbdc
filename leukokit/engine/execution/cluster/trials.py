"""Tune on a dask cluster.

Trials are sent as all other work of this executor, not by joblib's dask backend. That backend (joblib 1.6)
waits forever where dask gives up a task whose workers died, and a table that it has put on one worker is lost
with that worker.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from leukokit.engine.execution.cluster.batches import DaskBatches
from leukokit.engine.execution.cluster.connection import DaskConnection
from leukokit.engine.execution.cluster.requirements import Requirements
from leukokit.engine.execution.cluster.worker import prepare
from leukokit.engine.execution.protocol import Score
from leukokit.engine.execution.trials import death_hint, on_one_thread, trial_call
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Trial

_Numbered: TypeAlias = tuple[int, Trial]


def run_trials_on_dask(score: Score, trials: Iterable[Trial], connection: DaskConnection) -> list[float]:
    """Score of each trial, in order, as this process would give it.

    Raises
    ------
    RunFailed
        Where every worker that is given a trial dies, or the connection is lost.
    """
    listed = list(enumerate(trials))
    values = [float("nan")] * len(listed)

    def done(batch: Sequence[_Numbered], scores: list[float]) -> None:
        for (number, _), value in zip(batch, scores, strict=True):
            values[number] = value

    def failed(trial: _Numbered, error: BaseException, alone: bool) -> bool:
        if not alone:
            return False
        number, place = trial[0] + 1, trial_call(trial[1]).place
        raise RunFailed(
            f"every dask worker that was to try setting and fold {number} of {len(listed)} died",
            where=str(place),
            hint=death_hint("Give the workers more memory", trial[1]),
        ) from error

    tried = (one for _, trial in listed for one in (trial.classifier, *trial.select))
    arguments = pickle.dumps(score), Requirements.of(tried)
    DaskBatches(connection.client(), work, arguments, done, failed).run(listed, 1)
    return values


def work(batch: list[_Numbered], score: bytes, required: Requirements) -> list[float]:
    """Run trials, in a dask worker."""
    prepare(required)
    function: Score = pickle.loads(score)  # noqa: S301 - our own bytes
    return [on_one_thread(function, trial) for _, trial in batch]
