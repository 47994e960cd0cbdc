"""Whoever tries the settings, the scores are the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from leukokit.api import Examples, Field, Params, TabularClassifier
from leukokit.engine.execution import trials
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.trials import in_processes, on_all_cores, one_by_one, trial_runner
from leukokit.engine.observer import Observer
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Candidate, Trial, search
from leukokit.plugins.classify.svm import Svm
from leukokit.plugins.select.information_gain import InformationGain
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples


def candidates(train: Examples | None = None) -> list[Candidate]:
    """Six settings of an SVM with selection and calibration inside."""
    shared = train or examples(1, n=120)
    return [
        Candidate({"C": C, "k": k}, Svm.create(C=C), [InformationGain.create(k=k)], shared)
        for C in (0.1, 1.0, 10.0)
        for k in (2, 5)
    ]


def table(run: Any) -> str:
    found = search(candidates(), cv=4, scoring="auc_ovr", seed=3, run=run)
    return str(found.table.to_csv())


def test_processes_score_as_this_process_does() -> None:
    def processes(score: Any, those: Iterable[Trial]) -> list[float]:
        return in_processes(score, those, 2)

    assert table(map) == table(one_by_one) == table(processes)


def test_processes_are_started_where_trials_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first trial tells; whatever is decided, nothing changes."""
    asked: list[int] = []

    def counted(score: Any, those: Iterable[Trial], count: int) -> list[float]:
        listed = list(those)
        asked.append(len(listed))
        return list(one_by_one(score, listed))

    monkeypatch.setattr(trials, "in_processes", counted)
    several = trial_runner(candidates(), ProcessExecutor(2))
    assert table(several) == table(map)
    monkeypatch.setattr(trials, "_WORTH_IT", 0.0)
    assert table(several) == table(map)
    assert asked[-1] == 23


@pytest.mark.slow
def test_one_worker_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long trials take."""

    def refuse(*_: object) -> list[float]:
        raise AssertionError("a process was started")

    monkeypatch.setattr(trials, "in_processes", refuse)
    monkeypatch.setattr(trials, "_WORTH_IT", 0.0)
    for executor in (ProcessExecutor(1), InlineExecutor(4)):
        assert table(trial_runner(candidates(), executor)) == table(map)


def test_networks_and_images_are_tried_one_at_a_time() -> None:
    network = Candidate({}, TinyCnn.create(), [], examples(1, n=12))
    with_images = candidates(examples(1, n=12, images=True))
    for tried in ([network], with_images):
        for executor in (ProcessExecutor(4), DaskExecutor(count=4)):
            assert trial_runner(tried, executor) is on_all_cores


class Deadly(TabularClassifier):
    """Takes its process along."""

    def estimator(self, *, seed: int, folds: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_told() -> None:
    train = examples(1, n=12)
    rows = np.arange(12)
    trial = Trial(Deadly.create(), [], train, rows, rows, "accuracy", 1)
    with pytest.raises(RunFailed, match="a process that tried settings of the recipe died") as caught:
        in_processes(_fitted, [trial, trial], 2)
    assert "Deadly.fit or predict_proba" in str(caught.value)


class DeadlySetting(Params):
    """When to die."""

    deadly: bool = Field(False, description="Whether to die.")


class SometimesDeadly(Deadly):
    """Takes its process along, with one setting only."""

    Params = DeadlySetting
    params: DeadlySetting

    def estimator(self, *, seed: int, folds: Any) -> Any:
        if self.params.deadly:
            super().estimator(seed=seed, folds=folds)


def _tried_in_processes(trials: list[Trial], *, observer: Observer) -> list[float]:
    return in_processes(_estimated, trials, 2)


def _estimated(trial: Trial) -> float:
    trial.classifier.estimator(seed=1, folds=None)  # type: ignore[attr-defined]
    return 1.0


@pytest.mark.slow
def test_in_an_isolated_process_the_deadly_setting_is_told() -> None:
    """Component, its distribution, the setting, how it died, and whom to tell."""
    train, rows = examples(1, n=12), np.arange(12)
    listed = [
        Trial(SometimesDeadly.create(deadly=d), [], train, rows, rows, "accuracy", 1, f"deadly={d}")
        for d in (False, False, True, False)
    ]
    components = [listed[0].classifier]
    arguments = {"components": components, "executor": ProcessExecutor(2), "observer": Observer()}
    assert run_isolated(_tried_in_processes, listed[:2], **arguments) == [1.0, 1.0]
    with pytest.raises(RunFailed, match="its process died, signal SIGKILL") as caught:
        run_isolated(_tried_in_processes, listed, **arguments)
    assert str(caught.value.where).startswith("SometimesDeadly.fit or predict_proba of ")
    assert str(caught.value.where).endswith(", while trying deadly=True")


def _fitted(trial: Trial) -> float:
    trial.classifier.fit(trial.train, seed=trial.seed, select=trial.select)
    return 0.0
