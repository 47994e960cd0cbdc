"""A run with nothing left to do: what it loads, and that it says what the first one said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = """
import json, sys
from leukokit.cli import main
if __name__ == "__main__":
    try:
        main(sys.argv[1:], prog_name="leukokit")
    except SystemExit as done:
        code = done.code
    print(json.dumps([code, sorted(sys.modules)]))
"""

HEAVY = ("sklearn", "scipy.stats", "skimage", "numba.cuda", "tensorflow", "keras", "distributed")
"""Loading the first two takes longer than all that is left to do."""


def test_what_is_cached_is_neither_computed_nor_are_its_libraries_loaded(
    recipe: Path, tmp_path: Path
) -> None:
    """With audit, figures, explanations and report: guarded by modules, since seconds differ by machine."""
    script = tmp_path / "run.py"
    script.write_text(RUN)
    loaded: set[str] = set()
    for number in range(2):
        options = ["--cache-dir", str(tmp_path / "cache"), "--run-dir", str(tmp_path / f"run{number}")]
        command = ["run", str(recipe), "--set", "audit.enabled=true", "-q", *options]
        done = subprocess.run(
            [sys.executable, str(script), *command], capture_output=True, text=True, timeout=300, check=True
        )
        code, modules = json.loads(done.stdout.splitlines()[-1])
        assert code == 0, done.stderr
        loaded = set(modules)
    assert not set(HEAVY) & loaded
    first, second = tmp_path / "run0", tmp_path / "run1"
    same = [
        "metrics.json",
        "audit.json",
        "verdict.json",
        "predictions.csv",
        "features.parquet",
        "figures/segmentation.png",
    ]
    for name in (*same, "figures/confusion_test.png", "pictures/index.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
