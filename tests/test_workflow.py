"""Settings of a run, and the executor that they name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import leukokit
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.errors import UsageError
from leukokit.workflow import RunKeywords, RunSettings, open_executor


def test_keywords_are_the_settings() -> None:
    """What type checkers allow as a keyword of run is what there is."""
    assert set(RunKeywords.__annotations__) == {field.name for field in fields(RunSettings)}
    assert leukokit.RunSettings is RunSettings


def test_keywords_count_before_an_object() -> None:
    """Those that are not given stay."""
    settings = RunSettings(workers=3, out="there")
    changed = settings.updated({"workers": 2, "executor": "inline"})
    assert (changed.workers, changed.executor, changed.out) == (2, "inline", "there")
    assert settings == RunSettings(workers=3, out="there")


def test_an_unknown_keyword_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(
        TypeError, match=r"no setting 'worker'; its settings are out, run_dir, cache, workers"
    ):
        leukokit.run(tmp_path / "no.yaml", worker=2)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("settings", "kind", "threads"),
    [
        (RunSettings(workers=3), ProcessExecutor, 3),
        (RunSettings(workers=3, executor="processes"), ProcessExecutor, 3),
        (RunSettings(workers=3, executor="inline"), InlineExecutor, 1),
        (RunSettings(workers=3, executor="dask"), DaskExecutor, 3),
    ],
)
def test_an_executor_has_the_name_it_was_asked_for_by(
    settings: RunSettings, kind: type[Executor], threads: int
) -> None:
    """And the workers; asking for dask connects to nothing yet."""
    with open_executor(settings) as executor:
        assert isinstance(executor, kind)
        assert (executor.name, executor.count, executor.threads) == (settings.executor, 3, threads)


def test_an_unknown_executor_is_answered_with_those_there_are() -> None:
    """As a mistake of whoever called."""
    with (
        pytest.raises(UsageError, match="no executor 'cloud'; there are auto, inline, processes, dask"),
        open_executor(RunSettings(executor="cloud")),
    ):
        pass


def test_a_cache_is_a_folder_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` asks the environment."""
    monkeypatch.setenv("LEUKOKIT_CACHE", str(tmp_path / "own"))
    assert RunSettings().cache_folder == tmp_path / "own"
    assert RunSettings(cache=str(tmp_path)).cache_folder == tmp_path
    assert RunSettings(cache=None).cache_folder is None
