"""A run directory from a stranger: the installed command says which file is wrong, and shows nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from leukokit.cli import main
from leukokit.report.figure_file import MOST_PIXELS, read_figure
from tests.warm_command import run_command

SECRET = "what only the reader of the report may see"


@pytest.fixture(scope="module")
def whole(write_sample: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("stranger") / "run", held_out=8, train=8, explained=False)


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """Copy of a whole run, for a test to damage."""
    import shutil

    return Path(shutil.copytree(whole, tmp_path / "run"))


def leukokit(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line; a test that hangs on a pipe fails by the time limit."""
    environment = {**os.environ, "COLUMNS": "1000"}
    return run_command([*map(str, arguments)], cwd=Path.cwd(), env=environment, timeout=120)


def refused(run: Path, file: str, *words: str) -> None:
    """`report` fails, names the file, says the words and what to do, and is no unexpected error."""
    done = leukokit("report", run)
    told(done.returncode, done.stderr, run / file, *words)
    assert not (run / "report.html").exists()


def told(code: int, message: str, path: Path, *words: str) -> None:
    """Check exit code and message of what was refused."""
    assert code in (1, 2), message
    assert f"{path}:" in message
    for word in words:
        assert word in message
    assert "report this as a bug" not in message


@pytest.mark.parametrize(
    "file", ["recipe.yaml", "predictions.csv", "journal.jsonl", "metrics.json", "pictures/000000.webp"]
)
def test_a_link_out_of_the_directory_is_not_followed(run: Path, tmp_path: Path, file: str) -> None:
    """A recipe that is a link to a file of the reader's system would stand in the report."""
    (tmp_path / "secret").write_text(SECRET)
    (run / file).unlink()
    (run / file).symlink_to(tmp_path / "secret")
    refused(run, file, "is a link that leads out of the run directory")


def test_a_linked_folder_is_not_followed_either(run: Path, tmp_path: Path) -> None:
    (run / "pictures").rename(tmp_path / "elsewhere")
    (run / "pictures").symlink_to(tmp_path / "elsewhere")
    refused(run, "pictures/index.json", "is a link that leads out of the run directory")


def test_a_link_within_the_directory_is_followed(run: Path) -> None:
    (run / "recipe.yaml").rename(run / "kept.yaml")
    (run / "recipe.yaml").symlink_to("kept.yaml")
    assert leukokit("report", run).returncode == 0


@pytest.mark.parametrize("file", ["journal.jsonl", "split.csv", "status.json", "recipe.yaml"])
def test_a_pipe_is_not_waited_for(run: Path, file: str) -> None:
    (run / file).unlink()
    os.mkfifo(run / file)
    refused(run, file, "is a named pipe; expected a regular file")


def test_a_folder_is_no_file(run: Path) -> None:
    (run / "metrics.json").unlink()
    (run / "metrics.json").mkdir()
    refused(run, "metrics.json", "cannot be read", "run the recipe again")


def test_a_huge_file_is_not_read(run: Path) -> None:
    """Its size is known before a byte is read; the file here has a hole and takes no room."""
    with (run / "metrics.json").open("r+b") as file:
        file.truncate(3_000_000_000)
    refused(run, "metrics.json", "has 3,000.0 MB; expected at most 64.0 MB")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"test": {"n": 8, "accuracy": NaN}}', "NaN is no number of JSON"),
        ('{"test": {"n": 8, "accuracy": 1e999}}', "test.accuracy: expected a finite number"),
        ('{"test": {"n": 1' + "0" * 400 + "}}", "test.n: expected a number below 1e300"),
        ('{"a":' * 500 + "1" + "}" * 500, "more than 60 deep"),
        ("[" * 100_000, "more than 60 deep"),
        ("[]", "holds no JSON object"),
        ("{", "cannot be read as JSON"),
        ('{"test": {"accuracy": 0.5}}', "test.n: is missing"),
        ('{"test": {"n": 8, "accuracy": "half"}}', 'test.accuracy: expected a finite number, found "half"'),
        ('{"test": {"n": 8, "notes": ["a", 3]}}', "test.notes[1]: expected a valid string, found 3"),
        ('{"tests": {}}', "tests: is no field that this version of leukokit knows"),
    ],
)
def test_the_field_that_is_wrong_is_named(run: Path, text: str, words: str) -> None:
    (run / "metrics.json").write_text(text)
    done = CliRunner(env={"COLUMNS": "1000"}).invoke(main, ["report", str(run)])
    told(done.exit_code, done.stderr, run / "metrics.json", words)


def test_settings_of_plugins_are_checked_too(run: Path) -> None:
    """Fields whose form is free hold no NaN either."""
    audit = json.loads((run / "audit.json").read_text())
    (run / "audit.json").write_text(json.dumps(audit | {"settings": {"lags": [1, float("inf")]}}))
    refused(run, "audit.json", "Infinity is no number of JSON")


@pytest.mark.parametrize("file", ["predictions.csv", "split.csv", "rejected.csv", "scale.csv"])
def test_a_missing_column_is_named(run: Path, file: str) -> None:
    (run / file).write_text("name,value\nx,1\n")
    done = CliRunner(env={"COLUMNS": "1000"}).invoke(main, ["report", str(run)])
    told(done.exit_code, done.stderr, run / file, "has no column 'id'")


@pytest.mark.parametrize("file", ["provenance.json", "recipe.yaml"])
def test_a_missing_file_is_named(run: Path, file: str) -> None:
    (run / file).unlink()
    refused(run, file, "there is no such file, and every run writes it")


def test_a_later_format_is_refused(run: Path) -> None:
    """And not misread."""
    status = json.loads((run / "status.json").read_text())
    (run / "status.json").write_text(json.dumps(status | {"format": 2}))
    refused(run, "status.json", "format: expected 1, the format that this leukokit reads, found 2")


def test_compare_refuses_the_same(run: Path, whole: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    for file in ("predictions.csv", "provenance.json", "journal.jsonl"):
        kept = (run / file).read_bytes()
        (run / file).unlink()
        (run / file).symlink_to(tmp_path / "secret")
        done = leukokit("compare", whole, run)
        assert done.returncode == 2
        assert f"{run / file}: is a link that leads out of the run directory" in done.stderr
        assert SECRET not in done.stderr + done.stdout
        (run / file).unlink()
        (run / file).write_bytes(kept)
    assert leukokit("compare", whole, run).returncode == 0


def test_a_huge_figure_is_left_out_before_it_is_decoded(run: Path) -> None:
    """A PNG file of 13,000 x 13,000 px takes 200 kB, and decoded more than a GB."""
    (run / "figures").mkdir()
    Image.new("1", (13_000, 13_000)).save(run / "figures" / "features_by_class.png")
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'leukokit', 'report', sys.argv[1]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)], capture_output=True, text=True, timeout=120, check=True
    )
    assert int(done.stdout.split()[-1]) < 800
    assert "This figure did not fit on the page" in (run / "report.html").read_text()


def test_only_png_figures_are_opened(tmp_path: Path) -> None:
    """Whatever the name: other formats run more code, PostScript another program."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", "TIFF")
    assert read_figure(tmp_path, "a.png") is None
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png", "PNG")
    assert read_figure(tmp_path, "b.png") is not None


def test_the_limit_of_pixels_is_that_of_the_largest_sheets(tmp_path: Path) -> None:
    """One row of pixels more is one too many."""
    width = 5000
    for rows, there in ((MOST_PIXELS // width, True), (MOST_PIXELS // width + 1, False)):
        Image.new("1", (width, rows)).save(tmp_path / "a.png")
        assert (read_figure(tmp_path, "a.png") is not None) == there
