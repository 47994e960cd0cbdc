"""Every ``split`` section becomes the rule that says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from leukokit.api import DataError, Part
from leukokit.engine.split_rule import split_rule
from leukokit.evaluation.split_rules import (
    Balancing,
    BlockSplit,
    FixedSplit,
    FoldSplit,
    RandomSplit,
    SplitRule,
)
from leukokit.recipe.split import SplitSpec

SPEC: TypeAdapter[SplitSpec] = TypeAdapter(SplitSpec)
NAMED = {"paper": {"a/000": Part.TRAIN, "a/001": Part.TEST}}
PLACES: dict[str, Any] = {"method": "blocks", "test": 0.1, "order": ["test", "train", "validation"]}
TIMES: dict[str, Any] = {"method": "kfold", "folds": 4, "by": "random", "validation": 0.1, "repeats": 3}


@pytest.mark.parametrize(
    ("section", "rule"),
    [
        ({"method": "holdout"}, RandomSplit(test=0.2, validation=0.2)),
        (
            {"method": "holdout", "test": 0.3, "validation": 0.1, "stratify": False, "group": False},
            RandomSplit(test=0.3, validation=0.1, stratify=False, group=False),
        ),
        (
            {"method": "holdout", "balance": {"to": 10, "when": "before_split"}},
            RandomSplit(test=0.2, validation=0.2, balancing=Balancing(10, "before_split")),
        ),
        (
            {**PLACES, "group": False},
            BlockSplit(test=0.1, validation=0.2, order=(Part.TEST, Part.TRAIN, Part.VALIDATION), group=False),
        ),
        ({"method": "kfold"}, FoldSplit(folds=5, by="group")),
        (
            {**TIMES, "stratify": False, "balance": {}},
            FoldSplit(4, "random", False, 0.1, 3, Balancing("smallest", "training")),
        ),
        ("paper", FixedSplit("paper", NAMED["paper"])),
        (
            {"method": "named", "name": "paper", "balance": {"to": 3}},
            FixedSplit("paper", NAMED["paper"], Balancing(3, "training")),
        ),
    ],
)
def test_a_section_becomes_the_rule_that_says_the_same(section: Any, rule: SplitRule) -> None:
    """Every setting arrives at its place, defaults included."""
    assert split_rule(SPEC.validate_python(section, strict=False), NAMED) == rule


def test_the_parts_of_a_file_are_read(tmp_path: Path) -> None:
    """The fold is named ``file``."""
    (tmp_path / "s.csv").write_text("id,part\na/000,train\na/001,test\n")
    section = {"method": "file", "path": str(tmp_path / "s.csv")}
    expected = FixedSplit("file", {"a/000": Part.TRAIN, "a/001": Part.TEST})
    assert split_rule(SPEC.validate_python(section), NAMED) == expected


def test_unknown_split_names_what_there_is() -> None:
    """A misspelt split is answered with the nearest name."""
    with pytest.raises(DataError, match=r"no split 'papr'; it has paper. Did you mean 'paper'\?"):
        split_rule(SPEC.validate_python("papr"), NAMED)
    with pytest.raises(DataError, match="it has none"):
        split_rule(SPEC.validate_python("paper"), {})
