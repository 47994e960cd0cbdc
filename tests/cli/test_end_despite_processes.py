"""A command ends although processes are left that wait for work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from leukokit.engine.execution.trials import in_processes
from leukokit.evaluation.tuning import Trial
from leukokit.testing.tables import NaiveBayes, examples

PROGRAM = """
import joblib
from leukokit.cli._stdout_and_exit import end_despite_threads

if __name__ == "__main__":
    with joblib.parallel_config(backend="loky", n_jobs=2):
        print(joblib.Parallel()(joblib.delayed(abs)(-i) for i in range(4)), flush=True)
    end_despite_threads(3)
"""


def test_a_command_does_not_wait_for_processes_of_joblib(tmp_path: Path) -> None:
    """They wait 300 s for work, and so did the command."""
    path = tmp_path / "left.py"
    path.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (3, "[0, 1, 2, 3]\n"), done.stderr


def seed_of(trial: Trial) -> float:
    return float(trial.seed)


def test_processes_that_tried_settings_have_ended() -> None:
    """As soon as the scores are there."""
    import multiprocessing

    rows = np.arange(12)
    trials = [Trial(NaiveBayes.create(), [], examples(1, n=12), rows, rows, "accuracy", i) for i in range(4)]
    before = set(multiprocessing.active_children())
    assert in_processes(seed_of, trials, 2) == [0, 1, 2, 3]
    assert set(multiprocessing.active_children()) <= before
