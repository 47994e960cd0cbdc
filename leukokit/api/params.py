"""Parameters of components: pydantic models whose field descriptions are the documentation."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Distinct", "Field", "Params"]

T = TypeVar("T")


class Params(BaseModel):
    """Base of every component's parameters: frozen, no unknown keys, every field with a description.

    The description of a field is its documentation in ``leukokit show``, the JSON Schema and the docs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def _check_distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise ValueError("give at least one")
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"each may be given once, {', '.join(repeated)} is repeated")
    return values


Distinct = Annotated[tuple[T, ...], AfterValidator(_check_distinct)]
"""A tuple of one or more distinct values; each value becomes part of a column's name."""
