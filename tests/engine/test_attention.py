"""Attention over the images of a patient, from a recipe to the run directory and to predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import leukokit

IMAGES = 8
"""Of each patient, one of which shows the disease."""
PARTS = ("train",) * 10 + ("validation",) * 4 + ("test",) * 5
"""Of the patients of each class, in their order."""
RECIPE = """
leukokit: 1
name: attention
seed: 5
audit: {{enabled: false}}
data: {{use: table, params: {{file: {table}, root: {root}}}}}
features: [intensity]
classify: knn
answer: {{by: group, how: {how}, params: {{epochs: 60, patience: 15, learning_rate: 0.01}}}}
unlike: null
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small gray pictures of two kinds of patients: of the ill ones one picture in eight has a dark corner."""
    root = tmp_path_factory.mktemp("attention")
    rng = np.random.default_rng(7)
    rows = []
    for label in ("benign", "blast"):
        for patient, part in enumerate(PARTS):
            name = f"{label[:2]}{patient:02d}"
            (root / name).mkdir()
            key = int(rng.integers(IMAGES))
            for number in range(IMAGES):
                pixels = rng.normal(200 + rng.normal(0, 8), 12, (16, 16, 3))
                if label == "blast" and number == key:
                    pixels[:6, :6] -= 120
                path = f"{name}/{number}.png"
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / path)
                rows.append((path, label, name, part, label == "blast" and number == key))
    table = pd.DataFrame(rows, columns=["path", "label", "patient", "split", "key"])
    table.to_csv(root / "table.csv", index=False)
    return root


Run = Callable[..., Path]


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the recipe on a table of the pictures; image steps are computed once."""
    cache = tmp_path_factory.mktemp("cache")

    def once(table: Path = pictures / "table.csv", how: str = "[mean, attention]", **options: Any) -> Path:
        folder = tmp_path_factory.mktemp("run")
        path = folder / "recipe.yaml"
        path.write_text(RECIPE.format(table=table, root=pictures, how=how))
        settings = {"cache": cache, "executor": "inline", "report": False} | options
        return leukokit.run(path, run_dir=folder / "run", **settings).path

    return once


@pytest.fixture(scope="module")
def finished(run: Run) -> Path:
    """Run on the pictures as they are, with a report."""
    return run(report=True)


def metrics(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "metrics.json").read_text())["by_group"]
    return found


def test_attention_is_chosen_and_finds_the_image_that_shows_the_disease(
    finished: Path, pictures: Path
) -> None:
    chosen = metrics(finished)["ways"]["table"]
    assert chosen["way"] == "attention"
    assert chosen["tried"]["attention"] < chosen["tried"]["mean"]
    assert chosen["attention"]["groups"] == 20
    rows = pd.read_csv(finished / "predictions_by_group.csv")
    test = rows[rows.part == "test"]
    assert (test.true == test.predicted).mean() >= 0.9
    attention = pd.read_csv(finished / "attention.csv")
    np.testing.assert_allclose(attention.groupby("group")["attention"].sum(), 1)
    keys = pd.read_csv(pictures / "table.csv")
    first = attention[attention.group.str.startswith("bl")].drop_duplicates("group")
    found = first.id.isin(keys[keys.key].path)
    assert found.mean() >= 0.8
