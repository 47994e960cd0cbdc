"""The components that an image passes, from file to features, apart from any data set and cache."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self, cast

from leukokit.api import FeatureExtractor, Preprocessor, Segmenter
from leukokit.engine.images.plan import ImagePlan
from leukokit.engine.io.reading import ReadOptions
from leukokit.recipe import Bound, Recipe


@dataclass(frozen=True)
class ImageComponents:
    """How files are read, and the components that follow.

    Attributes
    ----------
    reading : ReadOptions
    preprocess : tuple of Bound of Preprocessor
        In order; after a fit, with what they have learnt.
    segment : Bound of Segmenter, or None
    features : tuple of Bound of FeatureExtractor
    seed : int
        Seed of the steps that draw random numbers.
    """

    reading: ReadOptions
    preprocess: tuple[Bound[Preprocessor], ...]
    segment: Bound[Segmenter] | None
    features: tuple[Bound[FeatureExtractor], ...]
    seed: int

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Take a recipe's components; preprocessors that learn have learnt nothing yet."""
        read = recipe.model.data.read
        reading = ReadOptions(bit_depth=read.bit_depth, frame=read.frame)
        return cls(reading, recipe.preprocess, recipe.segment, recipe.features, recipe.seed)

    def fitted(self, plan: ImagePlan) -> Self:
        """Take the preprocessors of a plan that was built from these components: they have learnt."""
        preprocess = tuple(
            replace(bound, component=cast(Preprocessor, step.component))
            for bound, step in zip(self.preprocess, plan.preprocess, strict=True)
        )
        return replace(self, preprocess=preprocess)
