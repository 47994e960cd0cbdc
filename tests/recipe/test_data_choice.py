"""``--data``: other data in place of a recipe's own, and the splits that go with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leukokit.catalog import Catalog, discover
from leukokit.errors import RecipeError, UsageError
from leukokit.recipe import Recipe, load_recipe_text
from leukokit.recipe.data_choice import data_section

PAPER = """\
leukokit: 1
name: x
data:
  use: all_pbs
  params: {split: paper_801010}
  groups: groups.csv
  scale: dataset
  fallback: smears
SPLIT
features: [lbp]
classify: svm
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Built-in components."""
    return discover()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a current directory with a folder, a table and a recipe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images" / "a").mkdir(parents=True)
    for name in ("list.CSV", "list.xlsx", "photo.png", "recipe.yaml", "README"):
        (tmp_path / name).touch()
    return tmp_path


def loaded(catalog: Catalog, data: str | Path, split: str = "", **options: Any) -> Recipe:
    """Load the paper's recipe with other data."""
    return load_recipe_text(PAPER.replace("SPLIT", split), catalog, data=data, **options)


def test_a_folder_a_table_a_name_and_a_url(catalog: Catalog, here: Path) -> None:
    """Relative paths start at the current directory and are kept whole."""
    folder = {"use": "folder", "params": {"root": str(here / "images")}}
    assert data_section("images", catalog) == folder
    assert data_section(here / "images" / ".." / "images", catalog) == folder
    for name in ("list.CSV", "list.xlsx"):
        assert data_section(name, catalog) == {"use": "table", "params": {"file": str(here / name)}}
    assert data_section("smears", catalog) == {"use": "smears", "params": {}}
    url = "https://example.org/smears"
    assert data_section(url, catalog) == {"use": "folder", "params": {"root": url}}
    assert data_section(f"{url}/list.csv", catalog)["use"] == "table"


def test_a_name_wins_over_a_folder_of_that_name(catalog: Catalog, here: Path) -> None:
    """Unless it is written as a path."""
    (here / "smears").mkdir()
    assert data_section("smears", catalog)["use"] == "smears"
    assert data_section("./smears", catalog)["params"] == {"root": str(here / "smears")}
    assert data_section(Path("smears"), catalog)["use"] == "folder"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("smaers", "there is no data set, folder or file 'smaers' (did you mean 'smears'?)"),
        ("./imagse", "there is no data set, folder or file './imagse' (did you mean 'images'?)"),
        ("photo.png", "'photo.png' is a file that ends in '.png', which cannot be read as data"),
        ("README", "'README' is a file, which cannot be read as data"),
        ("recipe.yaml", "'recipe.yaml' is a recipe, which cannot be read as data"),
        ("a\udcff", "is no UTF-8 text and cannot stand in a recipe. Rename it"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_cannot_be_data_is_refused_with_what_can(catalog: Catalog, given: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        data_section(given, catalog)
    assert str(caught.value).startswith("--data: ")
    assert said in str(caught.value)
    if "UTF-8" not in said:
        assert "Expected a folder with one folder of images for each class, a table of images (.csv," in str(
            caught.value
        )


@pytest.mark.usefixtures("here")
def test_nothing_of_the_old_data_is_left(catalog: Catalog) -> None:
    """Neither parameters nor groups, scale and stand-in."""
    recipe = loaded(catalog, "images")
    assert recipe.data.use == "folder"
    assert recipe.fallback is None
    assert recipe.model.data.groups is None
    assert recipe.model.data.scale.by == "auto"
    assert recipe.overrides == {"data": data_section("images", catalog)}
    assert recipe.resolved()["data"]["params"]["root"] == str(Path("images").absolute())
    assert recipe.notes == ()


@pytest.mark.usefixtures("here")
def test_overrides_are_applied_after_it(catalog: Catalog) -> None:
    """They speak of the new data, and mistakes in them say so."""
    recipe = loaded(catalog, "images", overrides=["data.recursive=true"])
    assert recipe.data.params["recursive"] is True
    with pytest.raises(RecipeError) as caught:
        loaded(catalog, "images", overrides=["data.split=paper_602020"])
    assert str(caught.value).startswith("--set data.split: data.params.split: ")
    with pytest.raises(RecipeError, match=r"--data folder: data\.params\.root: "):
        loaded(catalog, "folder")


@pytest.mark.parametrize(
    "split",
    ["split: paper_602020", "split: {method: named, name: paper_602020, balance: {to: 9}}"],
)
@pytest.mark.usefixtures("here")
def test_a_split_of_the_old_data_goes_with_them(catalog: Catalog, split: str) -> None:
    """The new data's own split is used, and this is said."""
    recipe = loaded(catalog, "images", split)
    assert recipe.model.split is None
    assert recipe.overrides["split"] is None
    assert recipe.notes == (
        "the split paper_602020 is for the images of all_pbs, which --data replaces; the new data's own "
        "split is used, or a random one that keeps groups whole",
    )
    again = load_recipe_text(json.dumps(recipe.resolved()), catalog)
    assert again.resolved() == recipe.resolved()


@pytest.mark.usefixtures("here")
def test_protocols_of_the_old_data_go_with_them(catalog: Catalog) -> None:
    """Those that suit any data stay."""
    file = "{name: fixed, split: {method: file, path: split.csv}}"
    mine = "{name: mine, split: {method: kfold, folds: 3}}"
    recipe = loaded(catalog, "images", f"evaluate: [paper_602020, random, {file}, {mine}]")
    assert [protocol.name for protocol in recipe.model.evaluate] == ["random", "mine"]
    assert recipe.notes == (
        "the splits paper_602020, fixed are for the images of all_pbs, which --data replaces; the other ways "
        "to divide them are used: random, mine",
    )


@pytest.mark.usefixtures("here")
def test_splits_that_suit_any_data_stay(catalog: Catalog) -> None:
    """And so do those by name, where the data set is the same one in another place."""
    recipe = loaded(catalog, "images", "split: {method: kfold, folds: 3}")
    assert recipe.model.split is not None
    assert recipe.model.split.method == "kfold"
    recipe = loaded(catalog, "all_pbs", "split: paper_602020")
    assert recipe.model.split is not None
    assert recipe.model.split.method == "named"
    assert recipe.notes == ()


@pytest.mark.usefixtures("here")
def test_mistakes_of_the_recipe_keep_their_place(catalog: Catalog) -> None:
    """Those of the old data are gone with them."""
    text = PAPER.replace("SPLIT", "").replace("split: paper_801010", "splitt: 1").replace("lbp", "lpb")
    with pytest.raises(RecipeError) as caught:
        load_recipe_text(text, catalog, source="r.yaml", data="images")
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith("r.yaml:10:12: features.0.use: ")
