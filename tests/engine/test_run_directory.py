"""A run directory belongs to one run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leukokit.engine.run_directory import RunDirectory
from leukokit.errors import LeukokitError, RunFailed
from leukokit.record.provenance import RunStatus

HOLD = (
    "import sys, time, pathlib\n"
    "from leukokit.engine.run_directory import RunDirectory\n"
    "with RunDirectory(pathlib.Path(sys.argv[1])):\n"
    "    print('locked', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_second_run_is_refused_naming_the_first(tmp_path: Path) -> None:
    """The second run names process and host; after SIGKILL the folder is free again."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(RunFailed, match=rf"another run is at work here \(process {holder.pid} on \S+\)"):
        RunDirectory(tmp_path).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with RunDirectory(tmp_path) as directory:
        directory.finish(RunStatus(status="done"))
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": "done"}


def test_a_finished_run_is_not_written_over(tmp_path: Path) -> None:
    """A folder with status.json is refused."""
    (tmp_path / "status.json").write_text("{}")
    with pytest.raises(RunFailed, match="holds a finished run"):
        RunDirectory(tmp_path).__enter__()


def test_fresh_folders_differ_within_one_second(tmp_path: Path) -> None:
    """Two runs of one plan at the same time get two folders."""
    first = RunDirectory.fresh(tmp_path, "svm", "0123456789abcdef")
    first.mkdir(parents=True)
    second = RunDirectory.fresh(tmp_path, "svm", "0123456789abcdef")
    assert first != second
    assert first.parent == tmp_path / "svm"
    assert "01234567" in first.name


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/../../x"])
def test_outputs_stay_inside(tmp_path: Path, name: str) -> None:
    """Names that lead out of the folder are refused."""
    with (
        RunDirectory(tmp_path / "run") as directory,
        pytest.raises(LeukokitError, match="outside the run directory"),
    ):
        directory.write(name, b"x")


def test_links_are_refused(tmp_path: Path) -> None:
    """An output that is a link is not followed."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").symlink_to(tmp_path / "elsewhere")
    with RunDirectory(tmp_path / "run") as directory, pytest.raises(LeukokitError, match="outside"):
        directory.write("metrics.json", b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where a folder should be is an error with its path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFailed, match="cannot be written"):
        RunDirectory(tmp_path / "file" / "run").__enter__()
