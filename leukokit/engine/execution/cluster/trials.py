"""Tune on a dask cluster.

Trials go the way of all other work here, not through joblib's dask backend: where dask gives up a task whose
workers died, that backend (joblib 1.6) never hears of it and waits forever, and a table that it has put on
one worker is lost with that worker.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from leukokit.engine.execution.cluster.batches import Crew
from leukokit.engine.execution.cluster.connection import client_of
from leukokit.engine.execution.cluster.worker import Versions, prepare, versions
from leukokit.engine.execution.executors import Workers
from leukokit.engine.execution.trials import Runner, Score, on_one_thread
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Trial

_Numbered: TypeAlias = tuple[int, Trial]


def on_cluster(workers: Workers) -> Runner:
    """Give what runs trials on the workers' cluster, with the scores of this process.

    Raises
    ------
    RunFailed
        Where every worker that is given a trial dies, or the connection is lost.
    """

    def run(score: Score, trials: Iterable[Trial]) -> list[float]:
        listed = list(enumerate(trials))
        values = [float("nan")] * len(listed)

        def done(batch: Sequence[_Numbered], made: list[float]) -> None:
            for (number, _), value in zip(batch, made, strict=True):
                values[number] = value

        def lost(trial: _Numbered, error: BaseException, alone: bool) -> bool:
            if not alone:
                return False
            raise RunFailed(
                f"every dask worker that was to try setting and fold {trial[0] + 1} of {len(listed)} died",
                hint="Give the workers more memory",
            ) from error

        with client_of(workers) as client:
            Crew(client, work, (pickle.dumps(score), versions()), done, lost).run(listed, 1)
        return values

    return run


def work(batch: list[_Numbered], score: bytes, expected: Versions) -> list[float]:
    """Run trials, in a dask worker."""
    prepare(expected)
    function: Score = pickle.loads(score)  # noqa: S301 - our own bytes
    return [on_one_thread(function, trial) for _, trial in batch]
