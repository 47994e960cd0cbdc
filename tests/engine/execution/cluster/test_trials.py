"""Tuning on a cluster: the table and the model of one process, whatever happens to the workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.errors import DataError
from leukokit.evaluation.tuning import Trial
from leukokit.testing.tables import NaiveBayes, examples
from tests.engine.conftest import Leukokit
from tests.engine.execution.cluster.conftest import kill_a_busy_worker, outputs

TUNED = "tune: {cv: 3, grid: {classify.params.C: [0.1, 1, 10], select.params.k: [3, 8]}}\n"


def tuned(run: Path) -> dict[str, bytes]:
    """Give every file of the model, and the table of the settings that were tried."""
    files = [*(run / "model").rglob("*"), *run.glob("tuning*.csv")]
    assert any(file.name.startswith("tuning") for file in files)
    return {str(file.relative_to(run)): file.read_bytes() for file in files if file.is_file()} | outputs(run)


@pytest.mark.slow
def test_a_tuned_run_is_that_of_one_process_to_the_byte(
    scheduler: str, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    recipe.write_text(recipe.read_text() + TUNED)
    for name, options in {
        "alone": ["inline"],
        "two": ["processes", "--workers", "2"],
        "cluster": ["dask", "--scheduler", scheduler],
    }.items():
        done = cli("run", recipe, "--no-cache", "--run-dir", name, "--executor", *options)
        assert done.returncode == 0, done.stderr
    assert tuned(tmp_path / "alone") == tuned(tmp_path / "cluster") == tuned(tmp_path / "two")


def slow(trial: Trial) -> float:
    """Take a while, and give a number that belongs to the trial."""
    time.sleep(0.2)
    return float(trial.learn.sum() + trial.seed)


def trials(count: int) -> list[Trial]:
    train = examples(1, n=60)
    return [
        Trial(NaiveBayes.create(), [], train, np.arange(i), np.arange(i, 60), "accuracy", i)
        for i in range(count)
    ]


@pytest.fixture
def executor(scheduler: str) -> Iterator[DaskExecutor]:
    with closing(DaskExecutor(scheduler)) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_killed_in_the_middle_loses_nothing(
    scheduler: str, executor: DaskExecutor, times: int
) -> None:
    tried = trials(40)
    found: list[float] = []
    work = threading.Thread(target=lambda: found.extend(executor.run_trials(slow, tried)))
    with Client(scheduler, set_as_default=False) as client:
        work.start()
        for _ in range(times):
            kill_a_busy_worker(client, work.is_alive)
            time.sleep(0.5)
    work.join(120)
    assert found == [float(each.learn.sum() + each.seed) for each in tried]


def refuse(trial: Trial) -> float:
    raise DataError("cannot be scored", hint="Ask for fewer folds")


def test_what_a_trial_raises_comes_back(executor: DaskExecutor) -> None:
    with pytest.raises(DataError, match=r"cannot be scored\. Ask for fewer folds"):
        list(executor.run_trials(refuse, trials(3)))


def test_many_trials_come_back_in_order(executor: DaskExecutor) -> None:
    tried = trials(60) * 5
    numbers: Iterable[float] = executor.run_trials(_seed, tried)
    assert list(numbers) == [float(each.seed) for each in tried]


def _seed(trial: Trial) -> float:
    return float(trial.seed)
