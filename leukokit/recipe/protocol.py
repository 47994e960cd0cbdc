"""The ``evaluate:`` section: one recipe under several splits, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from leukokit.recipe.base import SLUG, RecipeBase
from leukokit.recipe.split import KFold, SplitSpec

KNOWN: Mapping[str, KFold] = {
    "random": KFold(method="kfold", by="random", folds=5, validation=0.2),
    "grouped": KFold(method="kfold", by="group", folds=5, validation=0.2),
    "blocked": KFold(method="kfold", by="blocks", folds=5, validation=0.2),
}
"""Need no definition: five folds, each image tested once, 60 % to learn from, 20 % for validation."""


class EvaluationProtocol(RecipeBase):
    """A way to divide the samples, under a name."""

    name: str = Field(
        pattern=SLUG,
        max_length=60,
        description="Name in tables and of its folder: letters, digits, '.', '_', '-'.",
    )
    split: SplitSpec = Field(description="How samples are parted, as in the section `split`.")


def _from_name(value: object) -> object:
    if not isinstance(value, str):
        return value
    known: Any = KNOWN.get(value)
    return {"name": value, "split": value if known is None else known.model_dump()}


ProtocolSpec: TypeAlias = Annotated[
    EvaluationProtocol, BeforeValidator(_from_name, json_schema_input_type=str | EvaluationProtocol)
]
"""An entry of ``evaluate:``; a plain string is one of ``KNOWN`` or the name of a split of the data set."""
