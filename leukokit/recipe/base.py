"""What all sections of a recipe share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

SLUG = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
"""Safe as the name of a folder everywhere: no separator, no leading dot or dash, no `..`."""


class RecipeBase(BaseModel):
    """Base of the models of a recipe: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
