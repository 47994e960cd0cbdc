"""``data.fallback``: a recipe says itself what may stand in for its data set."""

from __future__ import annotations

import jsonschema
import pytest

from leukokit.recipe.document import read_document
from leukokit.recipe.schema import recipe_schema

START = "leukokit: 1\nname: x\n"


@pytest.mark.parametrize(
    ("written", "root"),
    [("folder", "images"), ("{use: folder}", "images"), ("{use: folder, params: {root: there}}", "there")],
)
def test_a_name_or_a_name_and_params(load, written, root):
    """Bound like the data set itself, and not among the components that a run works with."""
    recipe = load(f"{START}data: {{use: folder, fallback: {written}}}\n")
    assert recipe.fallback is not None
    assert recipe.fallback.path == "data.fallback"
    assert recipe.fallback.params == {"root": root}
    assert [bound.path for bound in recipe.components] == ["data"]
    assert recipe.resolved()["data"]["fallback"] == {"use": "folder", "params": {"root": root}}


def test_without_it_nothing_stands_in(load):
    """A recipe without the key is written out as before there was one."""
    recipe = load(f"{START}data: folder\n")
    assert recipe.fallback is None
    assert "fallback" not in recipe.resolved()["data"]


def test_it_can_be_set_and_taken_away(load):
    """On the command line."""
    text = f"{START}data: {{use: folder, fallback: folder}}\n"
    assert load(text, overrides=["data.fallback=null"]).fallback is None
    again = load(text, overrides=["data.fallback.params.root=there"])
    assert again.fallback.params == {"root": "there"}
    assert load(f"{START}data: folder\n", overrides=["data.fallback=folder"]).fallback is not None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("foldr", "data.fallback.use: "),
        ("otsu", "data.fallback.use: "),
        ("3", "data.fallback: "),
        ("{use: folder, params: {rot: x}}", "data.fallback.params.rot: "),
        ("{use: folder, fallback: folder}", "data.fallback.fallback: "),
    ],
)
def test_mistakes_are_located(problems, written, said):
    """In one pass with all others."""
    found = problems(f"{START}data: {{use: folder, fallback: {written}}}\n")
    assert [str(problem).partition(said)[1] for problem in found] == [said]
    assert found[0].line == 3


def test_the_schema_says_the_same(catalog):
    """Editors propose data sets there, without what belongs to the section itself."""
    validator = jsonschema.Draft202012Validator(recipe_schema(catalog))

    def valid(written: str) -> bool:
        text = f"{START}data: {{use: folder, fallback: {written}}}\n"
        return not list(validator.iter_errors(read_document(text.encode(), "r").data))

    for good in ("folder", "null", "{use: folder}", "{use: folder, params: {root: there}}"):
        assert valid(good), good
    for bad in ("otsu", "3", "{use: folder, params: {rot: x}}", "{use: folder, groups: x.csv}"):
        assert not valid(bad), bad
