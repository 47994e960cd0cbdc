"""Through the command line, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd

RECIPE = """\
leukokit: 1
name: leukemic_or_not
data:
  use: hematology/c_nmc
  params: {root: ROOT, vocabulary: blast}
features: [{use: color_statistics, params: {regions: [image]}}]
classify: logistic
audit: {enabled: false}
"""


def test_c_nmc_is_run_on_its_published_split(tree, tmp_path) -> None:
    """Installed through its entry point, tested on the preliminary phase, with persons as groups."""
    rng = np.random.default_rng(3)
    files: dict[str, str | np.ndarray | None] = {}
    rows = ["Patient_ID,new_names,labels"]
    for number in range(40):
        kind, person = ("all", str(number % 5 + 1)) if number % 2 else ("hem", f"H{number % 5 + 1}")
        pixels = rng.normal(150 if kind == "all" else 90, 12, (16, 16, 3)).clip(0, 255).astype(np.uint8)
        if number < 28:
            files[f"fold_{number % 3}/{kind}/UID_{person}_{number}_1_{kind}.bmp"] = pixels
        else:
            files[f"C-NMC_test_prelim_phase_data/{number}.bmp"] = pixels
            rows.append(f"UID_{person}9_{number}_1_{kind}.bmp,{number}.bmp,{int(kind == 'all')}")
    files["C-NMC_test_prelim_phase_data_labels.csv"] = "\n".join(rows) + "\n"
    root = tree("C-NMC_Leukemia", files)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.replace("ROOT", json.dumps(str(root))), encoding="utf-8")
    run = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "leukokit",
        "run",
        str(recipe),
        "--run-dir",
        str(run),
        "--no-report",
        "--executor=inline",
    ]
    environment = {
        **os.environ,
        "LEUKOKIT_CACHE": str(tmp_path / "cache"),
        "LEUKOKIT_PLUGINS": "leukokit-hematology",
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    split = pd.read_csv(run / "split.csv")
    tested = split[split["part"] == "test"]
    assert sorted(tested["id"]) == sorted(f"preliminary/{number}.bmp" for number in range(28, 40))
    predicted = pd.read_csv(run / "predictions.csv")
    assert set(predicted["true"]) == {"blast", "no_blast"}
