"""``--log-level``, ``--log-file`` and ``--quiet`` of a run."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leukokit.cli import main
from leukokit.testing.synthetic import write_smears

RECIPE = """\
leukokit: 1
name: small
data: {use: folder, params: {root: images}}
features: [{use: color_statistics, params: {regions: [image]}}]
classify: {use: logistic}
audit: {enabled: false}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a recipe and images, one of them damaged."""
    write_smears(tmp_path / "images", per_class=8, size=64, classes=("Benign", "Pro"), patients=8)
    (tmp_path / "images" / "Pro" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEUKOKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    """Run the recipe in this process."""
    done = CliRunner().invoke(main, ["run", "recipe.yaml", "--executor", "inline", *arguments])
    assert done.exit_code == code, done.output
    return done


def lines(path: Path) -> list[dict[str, str]]:
    """Lines of a log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_log_file_has_one_line_of_json_for_each_message(here: Path) -> None:
    """Time, level, message and stage; with debug also each image that was left out."""
    done = run("-q", "--log-level", "debug", "--log-file", "run.jsonl", "--json")
    assert done.stderr == "warning: 1 image was rejected; rejected.csv says why\n"
    assert "metrics" in json.loads(done.stdout)
    log = lines(here / "run.jsonl")
    assert all(set(line) - {"image"} == {"time", "level", "message", "stage"} for line in log)
    assert all(datetime.fromisoformat(line["time"]).tzinfo is not None for line in log)
    assert {"info", "warning", "debug"} == {line["level"] for line in log}
    (rejected,) = [line for line in log if "image" in line]
    assert rejected["image"] == "Pro/bad.jpg"
    assert rejected["message"].startswith("rejected in read: not_an_image")
    assert rejected["stage"] == "images"
    assert [line["message"] for line in log if line["level"] == "warning"] == [
        "1 image was rejected; rejected.csv says why"
    ]
    assert log[-1]["message"] == "done"


def test_the_level_counts_on_stderr_and_in_the_file(here: Path) -> None:
    """A file is added to, so that one log may hold many runs."""
    assert "images: 17" in run("--log-file", "run.jsonl").stderr
    before = len(lines(here / "run.jsonl"))
    assert not any("image" in line for line in lines(here / "run.jsonl"))
    assert run("--log-level", "error", "--log-file", "run.jsonl").stderr == ""
    assert len(lines(here / "run.jsonl")) == before
    assert "Pro/bad.jpg: rejected in read: " in run("--log-level", "debug").stderr


def test_the_end_of_a_run_that_failed_is_in_the_file(here: Path) -> None:
    """With the reason; it is on stderr in any case."""
    done = run("--data", "nowhere", "--log-level", "error", "--log-file", "run.jsonl", code=2)
    assert done.stderr.startswith("error: --data: there is no data set")
    (line,) = lines(here / "run.jsonl")
    assert line["level"] == "error"
    assert line["message"].startswith("UsageError: --data: there is no data set")


@pytest.mark.usefixtures("here")
def test_a_log_file_that_cannot_be_written_is_refused_first() -> None:
    """Exit code 2, and nothing was run."""
    said = run("--log-file", "nowhere/run.jsonl", code=2).stderr
    assert "error: --log-file nowhere/run.jsonl: cannot be written: No such file or directory. Name" in said
    assert not Path("runs").exists()
