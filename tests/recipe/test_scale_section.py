"""``data.scale`` as a recipe writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leukokit.catalog import discover
from leukokit.errors import RecipeError
from leukokit.recipe import Recipe, load_recipe_text
from leukokit.recipe.schema import recipe_schema


def written(scale: str | None, **overrides: Any) -> Recipe:
    line = "" if scale is None else f"  scale: {scale}\n"
    text = f"leukokit: 1\nname: x\ndata:\n  use: smears\n{line}"
    return load_recipe_text(text, discover(), overrides=overrides)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (None, "red cells of each image"),
        ("auto", "red cells of each image"),
        ("image", "red cells of each image"),
        ("dataset", "red cells of the data set"),
        ("{by: group}", "red cells of each group"),
        ("{pixel_size_um: 0.12}", "0.12 um a pixel"),
        ("{pixel_size_um: 1}", "1 um a pixel"),
        ("{pixel_size_um: file}", "a pixel's width from the file"),
        ("{pixel_size_um: table}", "a pixel's width from the table"),
        ("{red_cell_px: 24}", "red cells measure 24 px"),
    ],
)
def test_every_form_is_read_and_survives_being_written_out(scale: str | None, words: str) -> None:
    """resolved.json of a run is a recipe again."""
    recipe = written(scale)
    assert str(recipe.model.data.scale) == words
    assert recipe.model.data.scale.default is (scale in (None, "auto"))
    again = load_recipe_text(json.dumps(recipe.resolved()), discover())
    assert again.model.data.scale == recipe.model.data.scale


@pytest.mark.parametrize(
    ("scale", "column", "said"),
    [
        ("slide", 10, 'data.scale: expected one of auto, image, group, dataset, got "slide"'),
        ("{by: slide}", 15, "data.scale.by: expected one of auto, image, group, dataset"),
        ("{}", 10, "give one of by, pixel_size_um and red_cell_px, got none of them"),
        ("{by: image, red_cell_px: 3}", 10, "got by and red_cell_px"),
        ("{pixel_size_um: 120}", 26, "expected a number <= 5.0 or one of file, table, got 120"),
        ("{pixel_size_um: fil}", 26, "did you mean 'file'?"),
        ("{pixel_size_um: .nan}", 26, "expected a finite number"),
        ("{pixel: 0.12}", 11, 'unknown key "pixel"'),
        ("{red_cell_px: 0}", 24, "expected a number >= 2"),
        ("{red_cell_px: true}", 24, "expected a number, got true"),
        ("3", 10, "got 3"),
    ],
)
def test_mistakes_have_their_line_and_column(scale: str, column: int, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        written(scale)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (5, column)
    assert said in f"{problem.path}: {problem.message}"


def test_it_can_be_overridden_like_any_value() -> None:
    assert str(written(None, **{"data.scale": "dataset"}).model.data.scale) == "red cells of the data set"
    assert str(written(None, **{"data.scale.by": "group"}).model.data.scale) == "red cells of each group"
    changed = written("dataset").with_overrides({"data.scale": {"red_cell_px": 20}})
    assert changed.model.data.scale.red_cell_px == 20


def test_the_json_schema_offers_the_word_and_the_mapping() -> None:
    """Editors complete both."""
    schema = recipe_schema(discover())
    (smears,) = [each for name, each in schema["$defs"].items() if name == "dataset.smears"]
    offered = json.dumps(smears["properties"]["scale"])
    assert '"dataset"' in offered
    assert "ScaleSetting" in offered
    assert "pixel_size_um" in schema["$defs"]["ScaleSetting"]["properties"]
