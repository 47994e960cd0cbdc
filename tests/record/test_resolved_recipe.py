"""``resolved.json`` is typed wholly: whatever a recipe may hold is read back to the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from leukokit.catalog import discover
from leukokit.errors import LeukokitError
from leukokit.recipe import answer, load_recipe, load_recipe_text, models, protocol, scale, split, statistics
from leukokit.recipe.audit import AuditSpec, Limits
from leukokit.recipe.cells import CellsSetting
from leukokit.record import recipe as record
from leukokit.record.base import Record
from leukokit.record.files import RESOLVED
from leukokit.record.json_text import json_bytes
from leukokit.record.recipe import ResolvedRecipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
SECTIONS: list[tuple[type[BaseModel], type[Record]]] = [
    (models.RecipeModel, ResolvedRecipe),
    (models.ComponentRef, record.RecipeComponent),
    (models.DataRef, record.RecipeDataSet),
    (models.Read, record.RecipeReading),
    (models.Tune, record.RecipeTuning),
    (CellsSetting, record.RecipeCells),
    (scale.ScaleSetting, record.RecipeScale),
    (split.Balance, record.RecipeBalance),
    (split.Holdout, record.SplitByHoldout),
    (split.Blocks, record.SplitByBlocks),
    (split.KFold, record.SplitByFolds),
    (split.LeaveOneOut, record.SplitLeaveOneOut),
    (split.Named, record.SplitOfDataSet),
    (split.FromFile, record.SplitOfFile),
    (protocol.EvaluationProtocol, record.RecipeProtocol),
    (statistics.OperatingPointSpec, record.RecipeOperatingPoint),
    (statistics.Refer, record.RecipeReferral),
    (answer.Answer, record.RecipeAnswer),
    (Limits, record.AuditLimits),
]
SPLITS = [
    "paper_602020",
    "{method: holdout, test: 0.3, balance: {to: 20, when: before_split}}",
    "{method: blocks, test: 0.3}",
    "{method: kfold, folds: 3, by: random, repeats: 2}",
    "{method: leave_one_out, by: lab}",
    "{method: file, path: split.csv}",
]


@pytest.mark.parametrize(("written", "kept"), SECTIONS, ids=lambda model: model.__name__)
def test_a_record_has_the_fields_of_its_section(written: type[BaseModel], kept: type[Record]) -> None:
    """A field that is added to recipes is added to the record."""
    assert set(kept.model_fields) == set(written.model_fields)


def test_checks_of_the_audit_are_read_as_limits() -> None:
    """By name, as they grow in number."""
    audit = record.RecipeAudit.model_validate(AuditSpec().model_dump())
    checks = set(AuditSpec.model_fields) - set(record.RecipeAudit.model_fields)
    assert set(audit.limits) == checks
    assert audit.limits["leaks"].fail == 1


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_read_back_to_the_same_bytes(path: Path) -> None:
    """As a run writes it."""
    resolved = load_recipe(path, discover()).resolved()
    assert ResolvedRecipe.model_validate(resolved).to_bytes() == json_bytes(resolved)


@pytest.mark.parametrize("text", SPLITS)
def test_every_split_is_read_back_to_the_same_bytes(text: str) -> None:
    """Each method with settings of its own."""
    recipe = (
        f"leukokit: 1\nname: a\ndata: {{use: smears}}\nfeatures: [intensity]\nclassify: knn\nsplit: {text}\n"
    )
    resolved = load_recipe_text(recipe, discover()).resolved()
    kept = ResolvedRecipe.model_validate(resolved)
    assert kept.to_bytes() == json_bytes(resolved)
    assert kept.split is not None


def test_sections_of_further_kinds_are_components() -> None:
    """One, several or none, as plugins may add them."""
    plain = {"name": "a", "score": [{"use": "x", "params": {"k": 3}}], "stitch": {"use": "y"}, "rest": None}
    recipe = ResolvedRecipe.model_validate(plain)
    assert [component.use for component in recipe.components("score")] == ["x"]
    assert [component.use for component in recipe.components("stitch")] == ["y"]
    assert recipe.components("rest") == recipe.components("nothing") == recipe.components("name") == ()
    assert recipe.plain() == plain


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"name": "a", "split": {"method": "dice"}}',
            "split: expected a split by holdout or blocks or kfold or leave_one_out or named or file, "
            "found an object",
        ),
        ('{"name": "a", "seed": "5"}', 'seed: expected a valid integer, found "5"'),
        ('{"name": "a", "tune": {"cv": 5, "gird": {}}}', "tune.gird: is no field that this version"),
        ('{"name": "a", "audit": {"leaks": 1}}', "audit.leaks: expected"),
    ],
)
def test_another_form_is_told_by_its_field(tmp_path: Path, content: str, message: str) -> None:
    """File, field, what is expected and what is there."""
    (tmp_path / "resolved.json").write_text(content)
    with pytest.raises(LeukokitError) as raised:
        RESOLVED.read(tmp_path)
    assert message in str(raised.value)
    assert "resolved.json" in str(raised.value)
