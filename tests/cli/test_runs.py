"""``leukokit runs``: which runs ended, and the folders of those that did not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leukokit.cli import main
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_folders import RunState, killed_note, remove, run_folders
from leukokit.errors import RunFailed
from leukokit.record.provenance import RunStatus

HOLD = """
import sys, time, pathlib
from leukokit.engine.run_directory import RunDirectory
with RunDirectory(pathlib.Path(sys.argv[1])) as directory:
    directory.journal.write("run_started")
    print("started", flush=True)
    time.sleep(120)
"""


def start(path: Path) -> subprocess.Popen[str]:
    """Start a process that works in a run directory."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with a finished, a failed, a running and a killed run, and other files."""
    root = tmp_path / "runs"
    with RunDirectory(root / "svm" / "1-finished") as directory:
        directory.journal.write("run_started")
        directory.finish(RunStatus(status="done"))
    with RunDirectory(root / "svm" / "2-failed") as directory:
        directory.journal.write("run_started")
        directory.journal.write("run_failed", error="DataError", message="no images\x1b[31m")
    killed = start(root / "svm" / "4-killed")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (root / "svm" / "4-killed" / "large.bin").write_bytes(bytes(2048))
    (root / "notes").mkdir()
    (root / "notes" / "own.txt").write_text("not a run")
    (root / "svm" / "link").symlink_to(root / "svm" / "2-failed")
    running = start(root / "svm" / "3-running")
    yield root
    running.kill()
    running.wait()


def call(*arguments: object, answer: str | None = None) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, ["runs", *map(str, arguments)], input=answer)


def test_each_run_has_its_state(runs: Path) -> None:
    """As JSON and as lines; what is no run directory, and links, are left out."""
    listed = json.loads(call("list", runs, "--json").stdout)
    assert {Path(run["path"]).name: run["state"] for run in listed} == {
        "1-finished": "finished",
        "2-failed": "failed",
        "3-running": "running",
        "4-killed": "killed",
    }
    assert listed[3]["bytes"] > 2048
    done = call("list", runs)
    assert done.exit_code == 0
    assert done.stderr == f"4 runs under {runs}\n"
    failed = done.stdout.splitlines()[1]
    assert failed.startswith("failed ")
    assert failed.endswith("2-failed  (no images)")


def test_clean_removes_what_did_not_end_and_nothing_else(runs: Path) -> None:
    """It asks first; a no removes nothing."""
    refused = call("clean", runs, answer="n\n")
    assert refused.exit_code == 1
    assert "Remove 2 runs, " in refused.stderr
    assert (runs / "svm" / "4-killed").is_dir()
    done = call("clean", runs, "--yes")
    assert done.exit_code == 0, done.output
    assert "removed 2 runs" in done.stdout
    left = {path.name for path in (runs / "svm").iterdir()}
    assert left == {"1-finished", "3-running", "link"}
    assert (runs / "notes" / "own.txt").exists()
    again = call("clean", runs, "--yes")
    assert again.exit_code == 0
    assert "nothing to remove" in again.stderr


def test_a_finished_or_running_run_is_never_removed(runs: Path) -> None:
    """Also where it was listed as killed before and runs again since."""
    for run in run_folders(runs):
        if run.state in (RunState.FINISHED, RunState.RUNNING):
            with pytest.raises(RunFailed, match=f"this run is {run.state} and is not removed"):
                remove(run)


def test_a_run_offers_to_remove_killed_ones(runs: Path, tmp_path: Path) -> None:
    """One sentence; none where nothing was killed."""
    note = killed_note(runs)
    assert note is not None
    assert note.startswith("1 earlier run was killed")
    assert f"leukokit runs clean {runs}" in note
    assert killed_note(tmp_path / "nowhere") is None
    call("clean", runs, "--yes")
    assert killed_note(runs) is None


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what to name instead."""
    done = call("list", tmp_path / "absent")
    assert done.exit_code == 2
    assert "there is no such folder" in done.stderr
    assert "--out" in done.stderr
