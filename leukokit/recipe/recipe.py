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
from leukokit.catalog.kinds import Per
from leukokit.recipe.absolute import dumped
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
    notes : tuple of str
        What a reader of the results should know of these changes.
    bound : mapping of str to tuple of Bound
        The components under each key that names components, in the order in which a run meets them; empty
        where the recipe names none. ``data``, ``preprocess`` and the others below are the same, typed.
    fallback : Bound or None
        The data set that stands in where that of the recipe is not on the machine; None where a missing data
        set is an error.
    """

    model: RecipeModel
    path: Path | None
    text: bytes
    overrides: Mapping[str, Any]
    notes: tuple[str, ...]
    bound: Mapping[str, tuple[Bound[Any], ...]]
    fallback: Bound[Dataset] | None
    _reload: Callable[[Overrides], Recipe] = field(repr=False, compare=False)

    @property
    def data(self) -> Bound[Dataset]:
        """Data set."""
        return self.bound["data"][0]

    @property
    def preprocess(self) -> tuple[Bound[Preprocessor], ...]:
        """Preprocessors, in order."""
        return self.bound["preprocess"]

    @property
    def segment(self) -> Bound[Segmenter] | None:
        """Segmenter, or None."""
        return self._only("segment")

    @property
    def features(self) -> tuple[Bound[FeatureExtractor], ...]:
        """Feature extractors."""
        return self.bound["features"]

    @property
    def select(self) -> tuple[Bound[Selector], ...]:
        """Selectors, in order."""
        return self.bound["select"]

    @property
    def classify(self) -> Bound[Classifier] | None:
        """Classifier, or None."""
        return self._only("classify")

    @property
    def classifier(self) -> Bound[Classifier]:
        """The classifier, for code that only works on recipes with one.

        Raises
        ------
        ValueError
            Where the recipe names none.
        """
        bound = self.classify
        if bound is None:
            raise ValueError(f"recipe {self.name} names no classifier")
        return bound

    @property
    def explain(self) -> tuple[Bound[Explainer], ...]:
        """Explainers."""
        return self.bound["explain"]

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
        return tuple(itertools.chain.from_iterable(self.bound.values()))

    def components_per(self, per: Per) -> tuple[Bound[Component], ...]:
        """Those of ``components`` that work once a run, for each image, or for each fold."""
        return tuple(bound for bound in self.components if bound.entry.kind.per == per)

    def with_overrides(self, overrides: Mapping[str, object]) -> Recipe:
        """Return this recipe with further changes, checked as if they had been written.

        Raises
        ------
        RecipeError
            Where a path names nothing or a value cannot be used.
        """
        return self._reload(overrides)

    def grid_points(self) -> tuple[dict[str, Any], ...]:
        """List the combinations of ``tune``, each for :meth:`with_overrides`; empty without ``tune``."""
        if self.model.tune is None:
            return ()
        grid = self.model.tune.grid
        return tuple(dict(zip(grid, point, strict=True)) for point in itertools.product(*grid.values()))

    def resolved(self, *, absolute: bool = False) -> dict[str, Any]:
        """Fill in every default; the result can be written as JSON and is itself a recipe.

        Parameters
        ----------
        absolute : bool
            Write file paths as absolute ones, so that it means the same in any folder.
        """
        whole = dumped(self.model, absolute=absolute)
        # Left out as recipes were written out before there was a choice.
        for later in ("final", "answer", "subgroups", "cells"):
            if not whole[later]:
                del whole[later]
        if whole.get("answer") and whole["answer"]["params"] is None:
            del whole["answer"]["params"]
        if self.model.unit.default:
            del whole["unit"]
        for stage, components in self.bound.items():
            written = [_written(bound, absolute=absolute) for bound in components]
            if not isinstance(whole[stage], list):
                whole[stage] = {**whole[stage], **written[0]} if written else None
            else:
                whole[stage] = written
        if self.fallback is None:  # as above
            del whole["data"]["fallback"]
        else:
            whole["data"]["fallback"] = _written(self.fallback, absolute=absolute)
        return whole

    def _only(self, stage: str) -> Bound[Any] | None:
        return next(iter(self.bound[stage]), None)


def _written(bound: Bound[Any], *, absolute: bool) -> dict[str, Any]:
    return {"use": bound.use, "params": dumped(bound.component.params, absolute=absolute)}
