"""The ``evaluate:`` section: one recipe under several splits, side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from leukokit.recipe.base import SLUG, RecipeBase
from leukokit.recipe.split import KFold, LeaveOneOut, SplitSpec

_LEAVE_ONE_OUT = "leave_one_out"
_NO_SLUG = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 40

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
    if isinstance(value, Mapping) and set(value) == {_LEAVE_ONE_OUT}:
        return _leave_one_out(value[_LEAVE_ONE_OUT])
    if not isinstance(value, str):
        return value
    known: Any = KNOWN.get(value)
    return {"name": value, "split": value if known is None else known.model_dump()}


def _leave_one_out(content: object) -> object:
    """``leave_one_out: {by: site}`` is named ``leave_one_site_out``."""
    if isinstance(content, str):
        content = {"by": content}
    if not isinstance(content, Mapping):
        return {"name": _LEAVE_ONE_OUT, "split": content}
    by = _NO_SLUG.sub("-", str(content.get("by", ""))).strip("-.")
    name = f"leave_one_{by[:_LONGEST]}_out" if by else _LEAVE_ONE_OUT
    return {"name": name, "split": {"method": _LEAVE_ONE_OUT, **content}}


class LeaveOneOutShort(RecipeBase):
    """Short form of a protocol in which each site is tested once."""

    leave_one_out: LeaveOneOut | str = Field(description="As in `split`, without the method; or the trait.")


ProtocolSpec: TypeAlias = Annotated[
    EvaluationProtocol,
    BeforeValidator(_from_name, json_schema_input_type=str | EvaluationProtocol | LeaveOneOutShort),
]
"""An entry of ``evaluate:``; a plain string is one of ``KNOWN`` or the name of a split of the data set."""
