"""A secondary process of a training keeps no run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import leukokit
from leukokit.api import Field, Params
from leukokit.cli import main
from leukokit.deep.distributed import secondary
from leukokit.deep.distributed.cluster import Cluster
from leukokit.deep.params import NetworkParams
from leukokit.engine.run_directory import is_closed

RECIPE = """
leukokit: 1
name: trial
data: {use: smears, params: {per_class: 6}}
split: {method: holdout, test: 0.3, validation: 0}
segment: multi_otsu
features: [{use: color_statistics, params: {regions: [image]}}]
classify: svm
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "trial.yaml"
    path.write_text(RECIPE)
    return path


def be_process(rank: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every classifier be one that two processes train, and this process one of them."""
    found = Cluster(("a:1", "b:2"), rank)
    monkeypatch.setattr(
        "leukokit.engine.execution.secondary.secondary_of", lambda _: found if found.rank else None
    )


def test_its_results_are_there_and_its_run_directory_is_not(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metrics come back; nothing is written where runs are, not even into a folder that was named."""
    out = tmp_path / "runs"
    be_process(1, monkeypatch)
    result = leukokit.run(recipe, out=out, run_dir=tmp_path / "run", cache=None, executor="inline")
    assert "accuracy" in result.metrics["test"]
    assert not out.exists()
    assert not (tmp_path / "run").exists()
    assert not (result.path / "report.html").exists()
    assert not is_closed(result.path)
    be_process(0, monkeypatch)
    result = leukokit.run(recipe, out=out, cache=None, executor="inline")
    assert is_closed(result.path)
    assert result.path.is_relative_to(out)


def test_the_command_says_what_it_is_and_names_no_run_directory(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen has scores, and who publishes."""
    be_process(1, monkeypatch)
    options = ["--out", str(tmp_path / "runs"), "--no-cache", "--executor", "inline"]
    done = CliRunner().invoke(main, ["run", str(recipe), *options])
    assert done.exit_code == 0, done.output
    assert "process 1 of 2 (b:2) helps to train; the first process publishes" in done.output
    assert "run directory" not in done.output
    assert "accuracy" in done.output


def test_who_is_secondary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that several processes train, and a process that is not the first; nothing else."""

    class Other(Params):
        strategy: str = Field("multi_worker", description="Of something else.")

    several = NetworkParams(strategy="multi_worker")
    assert secondary.secondary_of(several) is None
    monkeypatch.setenv("SLURM_PROCID", "1")
    monkeypatch.setenv("SLURM_NTASKS", "2")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "a,b")
    found = secondary.secondary_of(several)
    assert found is not None
    assert found.rank == 1
    assert secondary.secondary_of(NetworkParams()) is None
    assert secondary.secondary_of(Other()) is None
    monkeypatch.setenv("SLURM_PROCID", "0")
    assert secondary.secondary_of(several) is None
