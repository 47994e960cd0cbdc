"""``unit`` as a recipe writes it."""

from __future__ import annotations

import json

import pytest

from leukokit.catalog import discover
from leukokit.errors import RecipeError
from leukokit.recipe import Recipe, load_recipe_text


def written(unit: str | None) -> Recipe:
    line = "" if unit is None else f"unit: {unit}\n"
    return load_recipe_text(f"leukokit: 1\nname: x\ndata: smears\n{line}", discover())


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (None, "image"),
        ("image", "image"),
        ("cell", "cell, from boxes or masks, with a margin of 10%"),
        (
            "{of: cell, by: masks, margin: 0.25, classes: [a]}",
            "cell, from masks, with a margin of 25%, only a",
        ),
    ],
)
def test_every_form_is_read_and_survives_being_written_out(unit: str | None, words: str) -> None:
    """A recipe of images is written out as before there were cells."""
    recipe = written(unit)
    assert str(recipe.model.unit) == words
    resolved = recipe.resolved()
    assert ("unit" in resolved) is (words != "image")
    assert load_recipe_text(json.dumps(resolved), discover()).model.unit == recipe.model.unit


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("cells", 'x.yaml:3:7: unit: expected one of image, cell, got "cells"'),
        ("{of: cell, margin: -1}", "unit.margin: "),
        ("{of: image, margin: 0.2}", "margin is a setting of cells; write of: cell, or leave margin out"),
        ("{of: cell, margn: 0.2}", "unit.margn: "),
    ],
)
def test_mistakes_are_located(unit: str, said: str) -> None:
    """With what was expected."""
    with pytest.raises(RecipeError) as caught:
        load_recipe_text(f"leukokit: 1\nname: x\nunit: {unit}\ndata: smears\n", discover(), source="x.yaml")
    assert said in str(caught.value)
