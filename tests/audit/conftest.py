"""A folder of small images in two classes that differ, and a recipe that reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from leukokit.testing.images import disks

RECIPE = """
leukokit: 1
name: small
seed: 5
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
preprocess: [{{use: median, params: {{size: 3}}}}]
segment: {{use: multi_otsu}}
features: [intensity, morphology]
select: {{use: information_gain, params: {{k: 10}}}}
classify: {{use: svm, params: {{C: 10}}}}
"""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Forty PNG files, for a test to change: `few` with one cell each, `many` with four."""
    root = tmp_path / "pictures"
    for number, (name, cells) in enumerate((("few", 1), ("many", 4))):
        (root / name).mkdir(parents=True)
        for i in range(20):
            image, _ = disks(seed=100 * number + i, size=96, cells=cells)
            Image.fromarray(image).save(root / name / f"{i:02d}.png")
    return root


@pytest.fixture
def recipe(copied: Path, tmp_path: Path) -> Path:
    """Write a recipe over these images; a run of it is audited."""
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(root=copied))
    return path
