"""A folder of small pictures in two classes that differ, and a way to run recipes on it as users do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.testing.images import disks
from tests.warm_command import run_command

FAULTY = Path(__file__).parents[1] / "faulty"

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}  # it has tests of its own, and takes seconds
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
preprocess: [{{use: median, params: {{size: 3}}}}]
segment: {{use: multi_otsu}}
features: [intensity, morphology]
select: {{use: variance}}  # information gain takes seconds
classify: {{use: svm, params: {{C: 10}}}}
explain: [{{use: permutation_importance, params: {{repeats: 2}}}}]
"""

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty PNG files: `few` with one cell each, `many` with four."""
    root = tmp_path_factory.mktemp("pictures")
    for number, (name, cells) in enumerate((("few", 1), ("many", 4))):
        (root / name).mkdir()
        for i in range(20):
            image, _ = disks(seed=100 * number + i, size=96, cells=cells)
            Image.fromarray(image).save(root / name / f"{i:02d}.png")
    return root


@pytest.fixture
def copied(pictures: Path, tmp_path: Path) -> Path:
    """Copy the pictures, for a test to damage."""
    import shutil

    return Path(shutil.copytree(pictures, tmp_path / "pictures"))


@pytest.fixture
def recipe(copied: Path, tmp_path: Path) -> Path:
    """Write a recipe over the copied pictures."""
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(root=copied))
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment with a cache of the test's own and the faulty plugin installed."""
    return {
        **os.environ,
        "LEUKOKIT_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(FAULTY), os.environ.get("PYTHONPATH")])),
        "COLUMNS": "200",
    }


@pytest.fixture
def cli(tmp_path: Path, environment: dict[str, str]) -> Leukokit:
    """Run the command line in a process of its own, in the test's folder; a report only where asked for."""

    def run(*arguments: object, report: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [*map(str, arguments)]
        if command[0] == "run" and not report:
            command.append("--no-report")
        return run_command(command, cwd=tmp_path, env=environment, **options)

    return run


@pytest.fixture
def mark() -> Callable[[Path], None]:
    """Give a function that makes the first pixel of a picture pure red: the faulty plugin breaks on it."""

    def paint(path: Path) -> None:
        with Image.open(path) as image:
            pixels = np.array(image)
        pixels[0, 0] = (255, 0, 0)
        Image.fromarray(pixels).save(path)

    return paint
