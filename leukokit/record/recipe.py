"""``resolved.json`` as a report reads it: which components a run was made of.

The recipe itself is described by ``leukokit schema``; here stands only what every recipe has had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from leukokit.record.base import Count, Record, Text, described


class RecipeComponent(Record):
    """A component of a recipe; settings beside its parameters are the recipe's own matter."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    use: Text = Field("", description="Name of the component.")
    params: Mapping[str, Any] | None = described("Parameters, defaults included.")


class RecipeSplit(Record):
    """How images are divided; the other settings of a split are the recipe's own matter."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    name: Text | None = described("Name of a split of the data set.")
    method: Text | None = described("Way to divide them.")


class ResolvedRecipe(Record):
    """A recipe with every default filled in."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    name: Text = Field(description="Name of the recipe.")
    description: Text | None = described("What it is for.")
    seed: Count | None = described("Seed of everything random.")
    data: RecipeComponent | None = described("Data set.")
    classify: RecipeComponent | None = described("Classifier.")
    split: RecipeSplit | None = described("How images are divided.")
    tune: Mapping[str, Any] | None = described("Grid of settings that are tried.")
