"""Signals at random times: a run ends in time, with the right code, and the next one gives the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TOOL = Path(__file__).parents[2] / "benchmarks" / "stop_signals.py"


def test_every_signal_ends_a_run(recipe: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Exit code, rejected images, processes, temporary files, lock and the next run, as the tool looks."""
    arguments = ["--recipe", recipe, "--count", 6, "--seed", 3, "--window", "whole", "--again", 3]
    arguments += ["--executor", "processes", "--limit", 30, "--json", tmp_path / "trials.json"]
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "trials.json").read_text())["summary"]
    assert counts["signals"] >= 4
    assert counts["trials_with_faults"] == 0


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
