"""The light commands print data on stdout and all else on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from leukokit.api import Kind
from leukokit.catalog import discover
from leukokit.cli import main
from leukokit.cli._describe import rows_of
from leukokit.recipe.document import read_document

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))

GOOD = """\
leukokit: 1
name: x
data: all_pbs
preprocess: median
features: [lbp]
classify: {use: svm, params: {C: 96}}
"""


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    """Run a command; return stdout and stderr."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe."""
    path = tmp_path / "r.yaml"
    path.write_text(GOOD)
    return path


def test_list_off_a_terminal_has_one_tabbed_line_a_component():
    """For cut, grep and awk."""
    rows = [line.split("\t") for line in run("list")[0].splitlines()]
    assert all(len(row) == 4 for row in rows)
    assert ["preprocessor", "median"] in [row[:2] for row in rows]


def test_list_can_be_limited_to_a_kind():
    """Any of the seven; others are refused with the choices."""
    assert {line.split("\t")[0] for line in run("list", "segmenter")[0].splitlines()} == {"segmenter"}
    assert "segmenter" in run("list", "segmentor", code=2)[1]


def test_list_json_holds_everything_known_without_importing_components():
    """Kind, name, summary, target and origin."""
    data = json.loads(run("list", "--json")[0])
    assert {component["kind"] for component in data["components"]} == {str(kind) for kind in Kind}
    assert set(data) == {"components", "conflicts", "broken"}


def test_show_prints_the_parameters_with_bounds_and_descriptions():
    """What the recipe's writer needs."""
    text = run("show", "svm")[0]
    assert "svm  classifier" in text
    for words in ("kernel", "rbf | linear | poly", "> 0", "Penalty of training errors"):
        assert words in text


def test_show_takes_kind_and_name():
    """Where a name is not enough."""
    assert run("show", "preprocessor/median") == run("show", "median")


def test_show_json_has_the_json_schema_of_the_parameters():
    """For programs."""
    data = json.loads(run("show", "median", "--json")[0])
    assert data["kind"] == "preprocessor"
    assert data["params"]["properties"]["size"]["type"] == "integer"


def test_show_of_an_unknown_component_proposes_one():
    """Exit code 2."""
    assert "did you mean 'median'?" in run("show", "medan", code=2)[1]


def test_every_parameter_of_every_built_in_is_described():
    """A field's description is its documentation everywhere."""
    catalog = discover()
    for kind in Kind:
        for entry in catalog.of(kind):
            for row in rows_of(entry.load().Params):
                assert row.description, f"{entry.name}.{row.name}"
                assert "anything" not in row.type, f"{entry.name}.{row.name}"


def test_check_says_what_will_run(recipe):
    """Stages with the parameters that were given."""
    out, err = run("check", str(recipe), "--set", "classify.kernel=linear", "--no-data")
    assert out.startswith(f"{recipe}: ok\n")
    assert "svm (kernel: linear, C: 96.0)" in out
    assert err == ""
    assert "scale" not in out
    out, _ = run("check", str(recipe), "--set", "data.scale.by=dataset", "--no-data")
    assert "  scale      red cells of the data set\n" in out


def test_check_prints_every_mistake_and_exits_with_2(recipe):
    """On stderr, each with its place."""
    recipe.write_text(GOOD.replace("median", "medan").replace("96", "-1"))
    out, err = run("check", str(recipe), "--set", "seed=x", code=2)
    assert out == ""
    assert "the recipe has 3 mistakes" in err
    assert f"{recipe}:4:13: preprocess.0.use: " in err
    assert f"{recipe}:6:34: classify.params.C: expected a number > 0" in err
    assert '--set seed: seed: expected a whole number, got "x"' in err


def test_check_json_holds_the_recipe_or_its_mistakes(recipe):
    """For programs."""
    data = json.loads(run("check", str(recipe), "--json", "--no-data")[0])
    assert data["recipe"]["classify"]["params"]["C"] == 96.0
    recipe.write_text(GOOD.replace("96", "-1"))
    data = json.loads(run("check", str(recipe), "--json", code=2)[0])
    assert data["ok"] is False
    assert data["problems"][0]["line"] == 6


def test_schema_accepts_every_recipe_that_ships():
    """And is itself a valid schema."""
    schema = json.loads(run("schema")[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert RECIPES
    for path in RECIPES:
        assert list(validator.iter_errors(read_document(path.read_bytes(), path.name).data)) == []


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_checks(path):
    """None has a mistake, and its name is that of its file."""
    data = json.loads(run("check", str(path), "--json", "--no-data")[0])
    assert data["ok"] is True
    assert data["recipe"]["name"] == path.stem


def images_of(folder, counts):
    """Write small pictures, a folder a class."""
    number = 0
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            number += 1
            pixels = np.full((24, 24, 3), number * 3 % 250, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def test_check_counts_images_by_part_and_class(recipe, tmp_path):
    """Opened and split as a run would."""
    folder = images_of(tmp_path / "images", {"Benign": 20, "Pre": 10})
    out, _ = run("check", str(recipe), "--set", f"data={{use: folder, params: {{root: {folder}}}}}")
    assert "all: 30 (Benign 20, Pre 10)" in out
    assert "test: 6 (Benign 4, Pre 2)" in out


@pytest.mark.parametrize("count", [0, 1, 2])
def test_check_names_a_class_that_is_too_small(recipe, tmp_path, count):
    """Class and count, before anything runs."""
    folder = images_of(tmp_path / "images", {"Benign": 20, "Pre": count})
    _, err = run("check", str(recipe), "--set", f"data={{use: folder, params: {{root: {folder}}}}}", code=2)
    assert "Pre" in err
    assert "no images" in err or str(count) in err


def test_schema_run_describes_the_files_of_a_run() -> None:
    """With a property for each JSON file, and nothing else on stdout."""
    found = json.loads(run("schema", "run")[0])
    jsonschema.Draft202012Validator.check_schema(found)
    assert {"metrics.json", "audit.json", "status.json", "compare --json"} <= set(found["properties"])
