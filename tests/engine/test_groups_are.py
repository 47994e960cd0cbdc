"""What a group is: the recipe says it, else the data set, and provenance.json keeps it."""

from __future__ import annotations

import pytest

from leukokit.api import GroupKind, PluginError
from leukokit.catalog import discover
from leukokit.engine.data import OpenData
from leukokit.engine.provenance import groups_are
from leukokit.errors import RecipeError
from leukokit.plugins.datasets.smears import Smears
from leukokit.recipe import load_recipe_text
from leukokit.recipe.recipe import Recipe


def recipe(data: str) -> Recipe:
    return load_recipe_text(f"leukokit: 1\nname: x\ndata: {data}\n", discover())


def opened(loaded: Recipe, *, stood_in: bool = False) -> OpenData:
    dataset = Smears.create(per_class=3) if stood_in else loaded.data.component
    return OpenData(dataset, "data", (), None, stood_in)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("smears", GroupKind.PATIENT),
        ("all_pbs", GroupKind.VIEW),
        ("{use: folder, params: {root: x, pattern: '{group}_{label}.png'}}", None),
        ("{use: folder, params: {root: x}, groups: g.csv, groups_are: slide}", GroupKind.SLIDE),
        ("{use: smears, groups: g.csv}", None),
        ("{use: smears, groups_are: view}", GroupKind.VIEW),
    ],
)
def test_the_recipe_is_asked_first(data: str, expected: GroupKind | None) -> None:
    """Groups of a file are what the recipe says, and not what the data set says of its own."""
    loaded = recipe(data)
    assert groups_are(loaded, opened(loaded)) is expected


def test_of_a_stand_in_its_own_groups_count() -> None:
    """The groups of the recipe belong to the data set that is not there."""
    loaded = recipe("{use: all_pbs, groups_are: slide}")
    assert groups_are(loaded, opened(loaded, stood_in=True)) is GroupKind.PATIENT


def test_another_word_is_a_mistake_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match=r"data\.groups_are: .*patient.*slide.*view"):
        recipe("{use: smears, groups_are: person}")


def test_another_word_of_a_plugin_names_the_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = recipe("smears")
    monkeypatch.setattr(Smears, "groups_are", "person")
    with pytest.raises(PluginError, match="data set data has groups_are = 'person'; expected None or one of"):
        groups_are(loaded, opened(loaded))
