"""The ``split:`` section as a recipe writes it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from leukokit.catalog import discover
from leukokit.recipe import load_recipe_text
from leukokit.recipe.split import Balance, Blocks, Holdout, KFold, Named, SplitSpec

SPEC: TypeAdapter[SplitSpec] = TypeAdapter(SplitSpec)


def test_a_plain_string_names_a_split() -> None:
    """``split: paper_602020`` is short for ``{method: named, name: paper_602020}``."""
    assert SPEC.validate_python("paper_602020") == Named(method="named", name="paper_602020")


def test_defaults_are_a_stratified_grouped_hold_out() -> None:
    """What is not said is the careful choice."""
    spec = SPEC.validate_python({"method": "holdout"})
    assert spec == Holdout(
        method="holdout", test=0.2, validation=0.2, stratify=True, group=True, balance=None
    )
    assert SPEC.validate_python({"method": "kfold"}) == KFold(method="kfold", folds=5, by="group")


def test_balance_takes_a_number_or_the_smallest() -> None:
    """``to`` is a count or the word; ``when`` is the training part unless said otherwise."""
    spec = SPEC.validate_python({"method": "blocks", "balance": {"to": 300, "when": "before_split"}})
    assert spec.balance == Balance(to=300, when="before_split")
    assert SPEC.validate_python({"method": "blocks", "balance": {}}).balance == Balance()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"method": "kflod"}, "does not match any of the expected tags: 'holdout', 'blocks', 'kfold'"),
        ({"folds": 3}, "method"),
        ({"method": "holdout", "tset": 0.1}, "Extra inputs are not permitted"),
        ({"method": "holdout", "test": 0.6, "validation": 0.5}, "leave nothing to train on"),
        ({"method": "holdout", "test": 0}, "greater than 0"),
        ({"method": "kfold", "folds": 1}, "greater than or equal to 2"),
        ({"method": "kfold", "folds": 2, "validation": 0.5}, "leave nothing to train on"),
        (
            {"method": "blocks", "order": ["test", "test", "train"]},
            "names each of train, validation and test once",
        ),
        ({"method": "named"}, "Field required"),
        ({"method": "holdout", "balance": {"to": 0}}, "greater than or equal to 1"),
    ],
)
def test_mistakes_are_told(section: dict[str, Any], said: str) -> None:
    """Unknown keys, impossible fractions and wrong names are refused with the reason."""
    with pytest.raises(ValidationError, match=said):
        SPEC.validate_python(section)


def test_the_json_schema_offers_the_string_and_every_method() -> None:
    """Editors complete both the short and the long form, and ask for ``method``."""
    schema = SPEC.json_schema()
    assert {"type": "string"} in schema["anyOf"]
    for name in ("Holdout", "Blocks", "KFold", "Named", "FromFile"):
        assert "method" in schema["$defs"][name]["required"]


def test_the_order_of_blocks_is_read_from_a_recipe() -> None:
    """A list of YAML is the order, wherever the section stands."""
    section = "{method: blocks, order: [test, train, validation]}"
    data = "leukokit: 1\nname: x\ndata: {use: smears, params: {per_class: 6}}\n"
    recipe = load_recipe_text(f"{data}split: {section}\n", discover())
    assert isinstance(recipe.model.split, Blocks)
    assert recipe.model.split.order == ("test", "train", "validation")
    recipe = load_recipe_text(f"{data}evaluate: [{{name: a, split: {section}}}]\n", discover())
    assert recipe.model.evaluate[0].split == Blocks(method="blocks", order=("test", "train", "validation"))
