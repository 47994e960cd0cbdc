"""Parameters of components: pydantic models whose field descriptions are the documentation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Field", "Params"]


class Params(BaseModel):
    """Base of every component's parameters: frozen, no unknown keys, every field with a description.

    The description of a field is its documentation in ``leukokit show``, the JSON Schema and the docs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
