"""One row of the table of kinds is enough for discovery, recipes, commands and the conformance kit."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from leukokit.api import Kind
from leukokit.catalog import KINDS, Catalog, ComponentKind, KindTable, discover
from leukokit.catalog.kinds import load_target
from leukokit.cli import main
from leukokit.engine.explain_plan import plan_record
from leukokit.engine.images.plan_building import image_plan
from leukokit.engine.observer import Observer
from leukokit.errors import RecipeError
from leukokit.recipe import Recipe, RecipeModel, load_recipe_text
from leukokit.recipe.models import stage_field
from leukokit.recipe.schema import recipe_schema
from leukokit.testing import component_checks

SCORER = ComponentKind(
    name="outcome_scorer",
    title="Outcome scorers",
    hook="leukokit_outcome_scorers",
    stage="score",
    description="Scorers of the fitted model.",
    base="leukokit_eighth:OutcomeScorer",
    many=True,
    per="fold",
    takes="fitted model",
    gives="named numbers",
    tunable=True,
    needs_classifier="scores a classifier",
)
EIGHT = KindTable((*KINDS, SCORER))

PLUGIN = '''
from leukokit.api import Component, ComponentSpec, Field, Params, hookimpl

class OutcomeScorer(Component):
    """What an eighth kind derives from."""

class MarginParams(Params):
    k: int = Field(3, ge=1, description="Classes to look at.")

class Margin(OutcomeScorer):
    """Difference between the two highest probabilities."""
    Params = MarginParams

@hookimpl
def leukokit_outcome_scorers():
    return [ComponentSpec("margin", "leukokit_eighth:Margin", "Margin of the best class.")]
'''

RECIPE = """\
leukokit: 1
name: eighth
data: smears
preprocess: median
features: lbp
classify: svm
tune: {grid: {score.k: [2, 4]}}
score: eighth/margin
"""


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Install a distribution with a component of the eighth kind, and look for eight kinds."""
    (tmp_path / "leukokit_eighth.py").write_text(PLUGIN)
    info = tmp_path / "leukokit_eighth-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: leukokit-eighth\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[leukokit]\neighth = leukokit_eighth\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield discover(EIGHT)
    sys.modules.pop("leukokit_eighth", None)


@pytest.fixture
def recipe(catalog: Catalog) -> Recipe:
    """Load the recipe."""
    return load_recipe_text(RECIPE, catalog)


@pytest.fixture
def cli(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Let the commands find what the table of eight finds."""
    monkeypatch.setattr("leukokit.catalog.discover", partial(discover, EIGHT))
    return CliRunner()


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_the_plugin_api_is_a_row(kind):
    """``Kind`` is for code that asks for one of them; a row without a member there works as well."""
    row = KINDS.named(kind)
    assert row is not None
    assert kind == row.name


@pytest.mark.parametrize("kind", list(KINDS), ids=str)
def test_what_a_row_names_can_be_imported(kind):
    """The base class, the checks, and the module that offers the built-ins."""
    assert kind.base_class().__name__.lower() == kind.name.replace("_", "")
    assert load_target(kind.checks)
    assert importlib.util.find_spec(kind.built_ins) is not None


@pytest.mark.parametrize("kind", list(KINDS), ids=str)
def test_the_recipe_s_written_out_keys_are_those_of_the_table(kind):
    """``RecipeModel`` writes seven keys out for type checkers; type, default and text are the table's."""
    annotation, expected = stage_field(kind)
    written = RecipeModel.model_fields[kind.stage]
    assert written.annotation == annotation
    assert (written.default, written.description) == (expected.default, expected.description)


@pytest.mark.parametrize("what", ["name", "hook", "stage"])
def test_two_kinds_cannot_share_a_name_a_hook_or_a_key(what):
    """Nothing could tell their components apart."""
    double = replace(SCORER, **{what: getattr(next(iter(KINDS)), what)})
    with pytest.raises(ValueError, match=f"two kinds of component have the {what}"):
        KindTable((*KINDS, double))


def test_an_eighth_kind_is_discovered(catalog):
    """Under the entry point's name, as a plugin's segmenter would be; the other kinds are as they were."""
    assert [entry.name for entry in catalog.of("outcome_scorer")] == ["eighth/margin"]
    assert catalog.get("outcome_scorer", "eighth/margin").load().__name__ == "Margin"
    assert catalog.broken == ()
    assert [entry.name for entry in catalog.of("segmenter")] == [
        entry.name for entry in discover().of("segmenter")
    ]


def test_the_table_is_passed_down_and_changes_nothing_for_others(catalog):
    """Without the row the hook is unknown, and the recipe's key too."""
    seven = discover()
    assert "there is no hook named 'leukokit_outcome_scorers'" in str(seven.broken)
    with pytest.raises(RecipeError, match="unknown key"):
        load_recipe_text(RECIPE, seven)


def test_an_eighth_kind_is_listed_and_shown(cli):
    """By the commands that know no kind by name."""
    done = cli.invoke(main, ["list"])
    assert "outcome_scorer\teighth/margin\tleukokit-eighth 1.5\tMargin of the best class." in done.stdout
    assert (
        "eighth/margin  outcome scorer, from leukokit-eighth 1.5"
        in cli.invoke(main, ["show", "outcome_scorer/eighth/margin"]).stdout
    )


def test_an_eighth_kind_is_in_the_json_schema(catalog):
    """Its key, its components and their parameters."""
    schema = recipe_schema(catalog)
    assert schema["properties"]["score"]["description"] == "Scorers of the fitted model."
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(schema)))
    good = {"leukokit": 1, "name": "x", "data": "smears", "score": ["eighth/margin"]}
    assert list(validator.iter_errors(good)) == []
    bad = {**good, "score": {"use": "eighth/margin", "params": {"k": 0}}}
    assert list(validator.iter_errors(bad))


def test_an_eighth_kind_is_bound_from_a_recipe(recipe):
    """With defaults filled in, at its place among the others, open to overrides and to ``tune``."""
    (margin,) = recipe.bound["score"]
    assert (margin.use, margin.params, margin.step) == ("eighth/margin", {"k": 3}, "score.0.eighth/margin")
    assert [bound.use for bound in recipe.components] == ["smears", "median", "lbp", "svm", "eighth/margin"]
    assert recipe.resolved()["score"] == [{"use": "eighth/margin", "params": {"k": 3}}]
    assert recipe.grid_points() == ({"score.k": 2}, {"score.k": 4})
    assert recipe.with_overrides({"score.k": 5}).bound["score"][0].params == {"k": 5}


def test_mistakes_in_an_eighth_kind_are_located(catalog):
    """A wrong name, a wrong value, and a classifier that is not there."""
    text = RECIPE.replace("classify: svm\n", "").replace(
        "score: eighth/margin", "score: [eighth/margn, {use: eighth/margin, params: {k: 0}}]"
    )
    with pytest.raises(RecipeError) as caught:
        load_recipe_text(text, catalog)
    said = str(caught.value)
    assert "there is no outcome scorer named 'eighth/margn' (did you mean 'eighth/margin'?)" in said
    assert "score.1.params.k: expected a number >= 1, got 0" in said
    assert "score scores a classifier and the recipe has no 'classify'" in said


def test_an_eighth_kind_is_in_what_check_prints_and_in_the_plan(cli, recipe, tmp_path):
    """Between the lines of the kinds around it; ``--explain-plan`` compares it with the run before."""
    path = tmp_path / "eighth.yaml"
    path.write_text(RECIPE)
    assert "\n  score      eighth/margin\n" in cli.invoke(main, ["check", str(path), "--no-data"]).stdout
    plan = image_plan(recipe, recipe.data.component, (), store=None, has_truth=False, observer=Observer())
    steps = plan_record(recipe, plan, None).steps
    assert list(steps) == ["preprocess.0.median", "features.0.lbp", "classify.svm", "score.0.eighth/margin"]
    assert steps["score.0.eighth/margin"].identity.kind == "outcome_scorer"


def test_an_eighth_kind_has_the_common_conformance_checks(catalog):
    """And those that its row names; the class is of no kind where the row is missing."""
    cls = catalog.get("outcome_scorer", "eighth/margin").load()
    checks = list(component_checks(cls, kinds=EIGHT))
    assert "params_are_frozen" in [check.id for check in checks]
    for check in checks:
        check()
    with pytest.raises(TypeError, match="derives from 0 of the component classes"):
        list(component_checks(cls))
