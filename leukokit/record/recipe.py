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
    preprocess: tuple[RecipeComponent, ...] | None = described("Preprocessors, in order.")
    segment: RecipeComponent | None = described("Segmenter.")
    features: tuple[RecipeComponent, ...] | None = described("Feature extractors, in order.")
    select: tuple[RecipeComponent, ...] | None = described("Selectors, in order.")
    classify: RecipeComponent | None = described("Classifier.")
    explain: tuple[RecipeComponent, ...] | None = described("Explainers, in order.")
    split: RecipeSplit | None = described("How images are divided.")
    tune: Mapping[str, Any] | None = described("Grid of settings that are tried.")

    def stages(self) -> list[tuple[str, RecipeComponent]]:
        """Components with the section that they stand in, in the order of the recipe."""
        several = {
            "data": (self.data,),
            "preprocess": self.preprocess or (),
            "segment": (self.segment,),
            "features": self.features or (),
            "select": self.select or (),
            "classify": (self.classify,),
            "explain": self.explain or (),
        }
        return [(stage, each) for stage, found in several.items() for each in found if each is not None]
