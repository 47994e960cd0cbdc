"""Small runs whose pipelines are predicted with again, in processes that know nothing but their directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import leukokit
from leukokit.engine.run_result import RunResult

TINY = Path(__file__).parents[1] / "tiny"

HEAD = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
"""

WHOLE = (
    HEAD
    + """
preprocess: [reinhard, {{use: histogram_match, params: {{template: fitted}}}}]
segment: {{use: multi_otsu}}
features: [intensity, morphology]
select: [{{use: information_gain, params: {{k: 10}}}}, {{use: pca, params: {{n_components: 4}}}}]
classify: {{use: svm, params: {{C: 10}}}}
calibrate: temperature
operating_point: {{negative: [few], sensitivity: 0.9}}
refer: {{error: 0.05}}
"""
)

PREDICT = """
import json, sys
import leukokit

for line in sys.stdin:
    asked = json.loads(line)
    pipeline = leukokit.load(asked["folder"])
    table = pipeline.predict(asked["paths"], workers=asked["workers"])
    assert pipeline.notes == (), pipeline.notes
    print("TABLE", table.to_json(orient="split", double_precision=15), flush=True)
    exact = {name: [float(x).hex() for x in table[name]] for name in table if name[:2] == "p_"}
    print("EXACT", json.dumps(exact), flush=True)
"""

Run = Callable[..., RunResult]
Predict = Callable[..., "list[pd.DataFrame]"]


def run_recipe(text: str, root: Path, folder: Path, **overrides: object) -> RunResult:
    """Run a recipe on the pictures in ``root``; the run directory is ``folder / "run"``."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(text.format(root=root))
    return leukokit.run(
        recipe, overrides, run_dir=folder / "run", cache=None, executor="inline", report=False
    )


@pytest.fixture
def run(copied: Path, tmp_path: Path) -> Run:
    """Run a recipe on the copied pictures, in this process."""

    def run(text: str = WHOLE, **overrides: object) -> RunResult:
        return run_recipe(text, copied, tmp_path, **overrides)

    return run


@pytest.fixture
def predict(tmp_path: Path) -> Predict:
    """Predict in one fresh process; each call is the folder of a pipeline and paths of images."""

    def predict(*calls: tuple[Path, list[str]], workers: int = 1) -> list[pd.DataFrame]:
        lines = [
            json.dumps({"folder": str(folder), "paths": paths, "workers": workers}) for folder, paths in calls
        ]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TINY), os.environ.get("PYTHONPATH", "")]),
        }
        done = subprocess.run(
            [sys.executable, "-c", PREDICT],
            input="\n".join(lines),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        told = [
            line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith(("TABLE", "EXACT"))
        ]
        tables = []
        for (_, table), (_, exact) in zip(told[::2], told[1::2], strict=True):
            found = json.loads(table)
            frame = pd.DataFrame(found["data"], columns=found["columns"])
            for name, values in json.loads(exact).items():
                frame[name] = [float.fromhex(value) for value in values]
            tables.append(frame)
        return tables

    return predict


def moved(path: Path, away: Path) -> Path:
    """Move ``model/`` out of a run directory: nothing else of it may be needed."""
    return Path(shutil.move(path / "model", away))
