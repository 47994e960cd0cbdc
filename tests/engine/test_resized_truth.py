"""True outlines of images that a preprocessor resizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.run import RunOptions
from leukokit.engine.run import run as run_recipe
from leukokit.engine.run_result import RunResult
from leukokit.errors import RunFailed
from leukokit.recipe import load_recipe

RECIPE = """
leukokit: 1
name: resized
audit: {enabled: false}
data: {use: smears, params: {per_class: 3, patients: 9, classes: [Benign, Pre, Pro]}}
preprocess: [PREPROCESS]
segment: {use: smear_cells, params: {border: keep}}
"""


def run(tmp_path: Path, preprocess: str, recipe: str = RECIPE) -> RunResult:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.replace("PREPROCESS", preprocess))
    catalog = discover()
    options = RunOptions(tmp_path / "runs", None, tmp_path / "cache", InlineExecutor())
    return run_recipe(load_recipe(path, catalog), options)


@pytest.mark.parametrize("red_cell_px", [14, 30])
def test_labels_of_rescaled_images_are_scored_on_the_grid_of_the_truth(
    tmp_path: Path, red_cell_px: int
) -> None:
    """Every image counts, and agrees as well as without rescaling, but for what a coarser grid costs."""
    plain = run(tmp_path, "").masks
    result = run(tmp_path, f"{{use: rescale, params: {{red_cell_px: {red_cell_px}}}}}")
    assert plain is not None
    assert result.masks is not None
    assert len(result.masks) == len(plain) == 9
    for column in ("nucleus_dice", "cell_dice"):
        assert result.masks[column].mean() > plain[column].mean() - 0.06
        assert result.masks[column].mean() > 0.85


def test_images_of_other_proportions_are_not_scored_and_a_note_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are no failure: only the true outlines do not lie on them."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "scaled"))
    result = run(tmp_path, "scaled/cut")
    assert result.masks is None or result.masks.empty
    events = [json.loads(line) for line in (result.path / "journal.jsonl").read_text().splitlines()]
    notes = [note for event in events if event["event"] == "read" for note in event["notes"]]
    assert sum("changed the image's proportions" in note for note in notes) == 9


def test_a_scale_so_wrong_that_no_image_is_left_is_named(tmp_path: Path) -> None:
    """The error says what is wrong with the first image; the others are in its file."""
    recipe = RECIPE.replace("Pro]}", "Pro]}, scale: {red_cell_px: 2000}")
    with pytest.raises(RunFailed, match=r"every one of 9 .*first, Benign/smear-0001: .* 2000 px"):
        run(tmp_path, "rescale", recipe)
