"""A process that helps another one to fit publishes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import leukokit
from leukokit.api import Classifier
from leukokit.cli import main

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


def test_its_results_are_there_and_its_run_directory_is_not(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metrics come back; nothing is written where runs are, not even into a folder that was named."""
    out = tmp_path / "runs"
    monkeypatch.setattr(Classifier, "helping", lambda _: "process 1 of 2 (b:2)")
    result = leukokit.run(recipe, out=out, run_dir=tmp_path / "run", cache=None, executor="inline")
    assert not result.published
    assert "accuracy" in result.metrics["test"]
    assert not out.exists()
    assert not (tmp_path / "run").exists()
    assert not (result.path / "report.html").exists()
    monkeypatch.setattr(Classifier, "helping", lambda _: "")
    result = leukokit.run(recipe, out=out, cache=None, executor="inline")
    assert result.published
    assert result.path.is_relative_to(out)


def test_the_command_says_what_it_is_and_names_no_run_directory(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen has scores, and who publishes."""
    monkeypatch.setattr(Classifier, "helping", lambda _: "process 1 of 2 (b:2)")
    options = ["--out", str(tmp_path / "runs"), "--no-cache", "--executor", "inline"]
    done = CliRunner().invoke(main, ["run", str(recipe), *options])
    assert done.exit_code == 0, done.output
    assert "process 1 of 2 (b:2) helps to train; the first process publishes" in done.output
    assert "run directory" not in done.output
    assert "accuracy" in done.output
