"""The overlay sheet of a run: its images are chosen from what the run already has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import leukokit
from leukokit.engine import run_result
from leukokit.engine.run_result import RunResult
from leukokit.report.run_overlays import chosen_overlays
from leukokit.testing.images import disks

RECIPE = """
leukokit: 1
name: overlays
seed: 5
audit: {enabled: false}
data: {use: folder, params: {root: ROOT}}
segment: {use: multi_otsu}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Twelve pictures with one white cell, twelve with four, one of them bare glass."""
    for number, (name, cells) in enumerate((("few", 1), ("many", 4))):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(12):
            image, _ = disks(seed=100 * number + i, size=96, cells=cells)
            if (name, i) == ("many", 7):
                image = np.full_like(image, 235)
            Image.fromarray(image).save(tmp_path / "pictures" / name / f"{i:02d}.png")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.replace("ROOT", str(tmp_path / "pictures")))
    return path


def segmented(result: RunResult, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect ids of images that are worked on from now on."""
    asked: list[str] = []
    original = run_result.image_and_labels

    def spy(plan: object, item: object) -> object:
        asked.append(item.sample.id)  # type: ignore[attr-defined]
        return original(plan, item)  # type: ignore[arg-type]

    monkeypatch.setattr(run_result, "image_and_labels", spy)
    return asked


def test_failures_are_found_and_nothing_is_segmented_again(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cache the label images of the run are looked at."""
    result = leukokit.run(recipe, out=tmp_path / "runs", cache=tmp_path / "cache", workers=1)
    asked = segmented(result, monkeypatch)
    found = chosen_overlays(result)
    assert asked == []
    assert [each.label for each in found] == ["few"] * 4 + ["many"] * 4
    assert (found[4].id, found[4].reason) == ("many/07.png", "1 of 12 end like this")
    assert chosen_overlays(result) == found


def test_without_a_cache_a_few_images_are_enough(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most eight a class are segmented to choose from."""
    result = leukokit.run(recipe, out=tmp_path / "runs", cache=None, workers=1)
    asked = segmented(result, monkeypatch)
    found = chosen_overlays(result)
    assert 0 < len(asked) <= 16
    assert found[4].id == "many/07.png"
    assert len(found) == 8
    assert (result.path / "figures" / "segmentation.png").exists()
