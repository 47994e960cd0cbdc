"""Inputs with random damage are read or end in an error of ours: a small count of ``hostile_inputs.py``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "hostile_inputs.py"


@pytest.mark.slow  # the readers have quick tests of their own: tests/record, tests/recipe, tests/engine/io
def test_nothing_but_our_errors_comes_out_of_changed_inputs() -> None:
    """Recipes, tables, run directories and models; how long a reading takes is for the benchmark to judge."""
    command = [sys.executable, str(BENCHMARK), "--count", "6", "--seed", "5", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    counts = json.loads(done.stdout)
    for kind in ("recipes", "tables", "runs", "models"):
        assert counts[kind]["crashes"] == {}
        assert counts[kind]["read"] + counts[kind]["refused"] == 6
        assert counts[kind]["refused"] > 0
