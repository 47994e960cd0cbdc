"""Signals at random times: a run ends in time, with the right code, and the next one gives the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

TOOL = Path(__file__).parents[2] / "benchmarks" / "stop_signals.py"


def test_every_signal_ends_a_run(recipe: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Exit code, rejected images, processes, temporary files, lock and the next run, as the tool looks."""
    arguments = ["--recipe", recipe, "--count", 6, "--seed", 3, "--window", "whole", "--again", 6]
    arguments += ["--executor", "processes", "--limit", 30, "--json", tmp_path / "trials.json"]
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "trials.json").read_text())["summary"]
    assert counts["signals"] >= 4
    assert counts["trials_with_faults"] == 0


def test_the_next_run_removes_what_a_killed_one_left(
    recipe: Path, environment: dict[str, str], short_folder: Path, tmp_path: Path
) -> None:
    """SIGKILL leaves no time for anything: temporary folders and drafts go with the next run."""
    temporary = short_folder
    environment["TMPDIR"] = str(temporary)
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--run-dir", "out", "-q"]
    command += ["--executor", "processes", "--workers", "2"]
    killed = subprocess.Popen(command, env=environment, cwd=tmp_path)
    while not (list(temporary.glob("leukokit-*")) and list(temporary.glob("pymp-*"))):
        assert killed.poll() is None
        time.sleep(0.02)
    workers = psutil.Process(killed.pid).children(recursive=True)
    killed.kill()
    killed.wait()
    psutil.wait_procs(workers, timeout=10)
    assert list(temporary.iterdir())
    draft = tmp_path / "out" / ".leukokit-draft-metrics.json.abc.json"
    draft.write_text("{")
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(temporary.iterdir()) == []
    assert not draft.exists()


def test_a_long_name_of_the_temporary_folder_is_no_obstacle(
    recipe: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """The path of a socket has at most 107 bytes."""
    temporary = tmp_path / ("long" * 30)
    temporary.mkdir()
    environment["TMPDIR"] = str(temporary)
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--run-dir", "out", "-q"]
    command += ["--executor", "processes", "--workers", "2"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(temporary.iterdir()) == []


def test_an_interrupt_in_compiled_code_is_no_rejected_image(
    recipe: Path, copied: Path, mark: Callable[[Path], None], environment: dict[str, str], tmp_path: Path
) -> None:
    """In Python, where the handler is the caller's own: KeyboardInterrupt, and no row of rejected.csv."""
    recipe.write_text(
        recipe.read_text().replace(
            "preprocess: [", "preprocess: [{use: faulty/step, params: {mode: interrupt}}, "
        )
    )
    mark(copied / "few" / "03.png")
    script = f"import leukokit; leukokit.run({str(recipe)!r}, run_dir='out', executor='inline')"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    assert not (tmp_path / "out" / "rejected.csv").exists()
    assert not (tmp_path / "out" / "status.json").exists()
