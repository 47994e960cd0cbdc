"""Run directories that leukokit really wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

import leukokit

RECIPE = """
leukokit: 1
name: recorded
seed: 3
data: {use: smears, params: {per_class: 15, patients: 20}}
segment: smear_cells
features: [morphology]
classify: {use: knn}
calibrate: temperature
evaluate:
  - {name: once, split: {method: holdout, test: 0.3, validation: 0.3}}
  - {name: folds, split: {method: kfold, folds: 3, by: group, validation: 0.3}}
explain: [{use: permutation_importance, params: {repeats: 1}}]
"""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory with scores, two protocols, masks, scale and an audit; tests only read it."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "recipe.yaml").write_text(RECIPE)
    return leukokit.run(folder / "recipe.yaml", out=folder / "runs", cache=None, executor="inline").path
