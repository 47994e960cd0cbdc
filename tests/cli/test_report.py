"""``leukokit report``: from a run directory alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import leukokit
from leukokit.cli import main
from leukokit.testing.images import disks
from tests.warm_command import run_command

RECIPE = """
leukokit: 1
name: small
seed: 5
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.4, validation: 0.2}}
features: [intensity]
classify: {{use: knn}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a recipe on two classes that differ in nothing, then take its images away."""
    import shutil

    from PIL import Image

    root = tmp_path_factory.mktemp("data") / "images"
    for number, label in enumerate(("one <i>", "other")):
        (root / label).mkdir(parents=True)
        for i in range(12):
            image, _ = disks(seed=100 * number + i, size=96, cells=2)
            Image.fromarray(image).save(root / label / f"{i:02d}.png")
    recipe = root.parent / "recipe.yaml"
    recipe.write_text(RECIPE.format(root=root))
    result = leukokit.run(recipe, out=root.parent / "runs", cache=None, workers=1)
    shutil.rmtree(root)
    return result.path


@pytest.fixture
def report() -> Callable[..., object]:
    """Call the command."""
    return lambda *arguments: CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_a_run_leaves_its_report(run: Path) -> None:
    """With pictures of the errors, in the run directory."""
    page = (run / "report.html").read_text("utf-8")
    index = json.loads((run / "pictures" / "index.json").read_text())
    assert index
    assert "one &lt;i&gt;" in page
    assert page.count("data:image/webp") >= len(index)
    assert not (run / "tracebacks").exists()


def test_the_report_is_made_again_without_the_images(run: Path, report: Callable[..., object]) -> None:
    """To the byte, and its path is what is printed."""
    before = (run / "report.html").read_bytes()
    done = report(run)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(run / "report.html")
    assert (run / "report.html").read_bytes() == before


def test_out_names_another_file(run: Path, report: Callable[..., object], tmp_path: Path) -> None:
    """Folders on the way are made."""
    done = report(run, "--out", tmp_path / "new" / "page.html")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "new" / "page.html").read_bytes() == (run / "report.html").read_bytes()


def test_json_prints_the_numbers(run: Path, report: Callable[..., object]) -> None:
    """Metrics, audit, verdict and what was run; nothing else on stdout."""
    found = json.loads(report(run, "--json").stdout)
    assert found["metrics"] == json.loads((run / "metrics.json").read_text())
    assert found["run"]["name"] == "small"
    assert found["verdict"] == json.loads((run / "verdict.json").read_text())
    assert set(found) == {"run", "metrics", "audit", "verdict", "notice"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "there is no such run directory"),
        ([], "this folder is not a run directory: it has no resolved.json"),
        (["resolved.json"], "this run did not end: it has no status.json"),
    ],
)
def test_what_is_no_finished_run_is_refused(
    report: Callable[..., object], tmp_path: Path, files: list[str] | None, message: str
) -> None:
    """Exit code 2, and what to do."""
    folder = tmp_path / "run"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("{}")
    done = report(folder)
    assert done.exit_code == 2
    assert message in done.stderr.replace("\n", " ")
    assert done.stdout == ""


def test_json_and_out_exclude_each_other(run: Path, report: Callable[..., object], tmp_path: Path) -> None:
    """Exit code 2."""
    done = report(run, "--json", "--out", tmp_path / "x.html")
    assert done.exit_code == 2
    assert "leave out --out" in done.stderr


def test_a_damaged_file_is_named(run: Path, report: Callable[..., object], tmp_path: Path) -> None:
    """Not a traceback but the file, and what to do."""
    import shutil

    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "metrics.json").write_text("[]")
    done = report(copy)
    assert done.exit_code == 2
    assert "metrics.json: holds no JSON object" in done.stderr.replace("\n", "")
    (copy / "metrics.json").write_text('{"test": {"confusion": 3, "per_class": {"a": 5}}}')
    done = report(copy)
    assert done.exit_code == 1
    assert "another form than leukokit writes" in done.stderr


def test_a_run_without_report_gets_it_later(tmp_path: Path) -> None:
    """The page that ``report`` writes then is the one that the run would have written."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "leukokit: 1\nname: later\naudit: {enabled: false}\ndata: {use: smears, params: {per_class: 8}}\n"
        "features: [intensity]\nclassify: svm\n"
    )
    environment = {**os.environ, "LEUKOKIT_PLUGINS": "none", "LEUKOKIT_CACHE": str(tmp_path / "cache")}
    at_once = run_command(["run", "recipe.yaml", "--run-dir", "once"], cwd=tmp_path, env=environment)
    later = run_command(
        ["run", "recipe.yaml", "--run-dir", "later", "--no-report"], cwd=tmp_path, env=environment
    )
    assert at_once.returncode == later.returncode == 0, later.stderr
    assert "report: once/report.html" in at_once.stdout
    assert "report:" not in later.stdout
    assert not (tmp_path / "later" / "report.html").exists()
    assert not (tmp_path / "later" / "figures").exists()
    drawn = run_command(["report", "later"], cwd=tmp_path, env=environment)
    assert drawn.returncode == 0, drawn.stderr
    names = [
        sorted(file.name for file in (tmp_path / run / "figures").iterdir()) for run in ("once", "later")
    ]
    assert names[0] == names[1]
    assert (tmp_path / "later" / "report.html").exists()
