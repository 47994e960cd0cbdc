"""Settings of a run, and the executor that they name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image
from ruamel.yaml import YAML

import leukokit
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.errors import RecipeError, UsageError
from leukokit.testing.images import disks
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


def test_a_recipe_can_be_a_mapping_and_its_result_has_a_short_repr(tmp_path: Path) -> None:
    """The run keeps it as YAML, in the given order, and that gives the same; paths may be objects."""
    pictures = tmp_path / "pictures"
    for name in ("few", "many"):
        (pictures / name).mkdir(parents=True)
        for number in range(6):
            image, _ = disks(seed=number, size=64, cells=1 if name == "few" else 4)
            Image.fromarray(image).save(pictures / name / f"{number}.png")
    recipe = {
        "leukokit": 1,
        "name": "mapping",
        "data": {"use": "folder", "params": {"root": pictures}},
        "split": {"method": "holdout", "test": 0.34, "validation": 0.0},
        "features": ["intensity"],
        "classify": "knn",
        "audit": {"enabled": False},
    }
    result = leukokit.run(recipe, run_dir=tmp_path / "run", cache=None, executor="inline")
    text = (result.path / "recipe.yaml").read_text()
    assert text.splitlines()[:2] == ["leukokit: 1", "name: mapping"]
    assert YAML(typ="safe").load(text)["data"]["params"]["root"] == str(pictures)
    lines = repr(result).splitlines()
    assert lines[0] == "run of 'mapping'"
    assert len(lines) < 8
    assert "accuracy" in repr(result)
    assert str(result.path) in result._repr_html_()
    loaded = leukokit.load(result.path)
    assert "knn" in repr(loaded)
    assert loaded._repr_html_().startswith("<table>")


def test_a_mapping_with_mistakes_gets_them_all_at_once() -> None:
    with pytest.raises(RecipeError) as caught:
        leukokit.run({"leukokit": 1, "name": "a b", "data": "smears", "clasify": "knn"})
    assert len(caught.value.problems) == 2
    assert "did you mean 'classify'" in str(caught.value)
    with pytest.raises(RecipeError, match="holds texts, numbers, lists and mappings only"):
        leukokit.run({"leukokit": 1, "name": "a", "data": object()})
