"""The JSON Schema says what the loader says."""

from __future__ import annotations

import json

import jsonschema
import pytest

from leukokit.recipe.document import read_document
from leukokit.recipe.schema import recipe_schema


@pytest.fixture(scope="module")
def validator(catalog):
    """Build a validator for the made-up components."""
    schema = recipe_schema(catalog)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(json.loads(json.dumps(schema)))


def test_a_good_recipe_passes(validator, good):
    """As it is written, short forms included."""
    assert list(validator.iter_errors(read_document(good.encode(), "r").data)) == []


@pytest.mark.parametrize(
    "change",
    [
        ("name: good", "name: a/b"),
        ("leukokit: 1", "leukokit: 2"),
        ("segment: otsu", "segment: median"),
        ("segment: otsu", "segment: [otsu]"),
        ("size: 5", "size: 1"),
        ("size: 5", "siz: 5"),
        ("C: 96", "C: 0"),
        ("C: 96", "C: text"),
        ("cv: 3", "cv: 1"),
        ("explain: importance", "explane: importance"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(validator, problems, good, change):
    """An editor marks the same mistakes."""
    text = good.replace(*change)
    assert problems(text)
    assert list(validator.iter_errors(read_document(text.encode(), "r").data))


def test_summaries_and_descriptions_are_in_the_schema(catalog):
    """Editors show them while a recipe is written."""
    text = json.dumps(recipe_schema(catalog))
    assert "The otsu." in text
    assert "Window, in px; odd." in text
