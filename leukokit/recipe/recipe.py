"""A recipe that has been checked: its text, its models, and its components ready for use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leukokit.api import (
    Classifier,
    Component,
    Dataset,
    Explainer,
    FeatureExtractor,
    Preprocessor,
    Segmenter,
    Selector,
)
from leukokit.recipe.binding import Bound
from leukokit.recipe.models import RecipeModel
from leukokit.recipe.overrides import Overrides


@dataclass(frozen=True)
class Recipe:
    """What :func:`leukokit.recipe.load_recipe` returns; nothing in it needs checking again.

    Attributes
    ----------
    model : RecipeModel
        Everything as written, short forms and overrides resolved.
    path : Path or None
        The file; None where the recipe came as text.
    text : bytes
        The file, verbatim.
    overrides : mapping of str to value
        What was changed after reading, by dotted path in its long form.
    data : Bound of Dataset
    preprocess : tuple of Bound of Preprocessor
    segment : Bound of Segmenter, or None
    features : tuple of Bound of FeatureExtractor
    select : tuple of Bound of Selector
    classify : Bound of Classifier, or None
    explain : tuple of Bound of Explainer
    """

    model: RecipeModel
    path: Path | None
    text: bytes
    overrides: Mapping[str, Any]
    data: Bound[Dataset]
    preprocess: tuple[Bound[Preprocessor], ...]
    segment: Bound[Segmenter] | None
    features: tuple[Bound[FeatureExtractor], ...]
    select: tuple[Bound[Selector], ...]
    classify: Bound[Classifier] | None
    explain: tuple[Bound[Explainer], ...]
    _again: Callable[[Overrides], Recipe] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return self.model.name

    @property
    def seed(self) -> int:
        """Seed that every random draw derives from."""
        return self.model.seed

    @property
    def components(self) -> tuple[Bound[Component], ...]:
        """Every component, in the order in which a run meets them."""
        one = tuple(bound for bound in (self.segment,) if bound is not None)
        last = tuple(bound for bound in (self.classify,) if bound is not None)
        return (self.data, *self.preprocess, *one, *self.features, *self.select, *last, *self.explain)

    def with_overrides(self, overrides: Mapping[str, object]) -> Recipe:
        """Return this recipe with further changes, checked as if they had been written.

        Raises
        ------
        RecipeError
            Where a path names nothing or a value cannot be used.
        """
        return self._again(overrides)

    def grid_points(self) -> tuple[dict[str, Any], ...]:
        """List the combinations of ``tune``, each for :meth:`with_overrides`; empty without ``tune``."""
        if self.model.tune is None:
            return ()
        grid = self.model.tune.grid
        return tuple(dict(zip(grid, point, strict=True)) for point in itertools.product(*grid.values()))

    def resolved(self) -> dict[str, Any]:
        """Fill in every default; the result can be written as JSON and is itself a recipe."""
        whole = self.model.model_dump(mode="json")

        def written(bound: Bound[Component] | None) -> dict[str, Any] | None:
            return None if bound is None else {"use": bound.use, "params": bound.params}

        if whole["final"] is None:  # as recipes were written out before there was a choice
            del whole["final"]
        whole["data"] |= {"use": self.data.use, "params": self.data.params}
        for stage in ("segment", "classify"):
            whole[stage] = written(getattr(self, stage))
        for stage in ("preprocess", "features", "select", "explain"):
            whole[stage] = [written(bound) for bound in getattr(self, stage)]
        return whole
