"""What components need beside the images: weights and other files."""

from __future__ import annotations

from collections.abc import Iterator

from leukokit.api import Dataset
from leukokit.engine.components.call import call_method
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.errors import LeukokitError
from leukokit.recipe import Recipe


def need_findings(recipe: Recipe) -> Iterator[Finding]:
    """Ask every component but the data set what it lacks; packages are asked for when a recipe is read."""
    for bound in recipe.components:
        if isinstance(bound.component, Dataset):
            continue
        try:
            lacking = call_method(bound.component, "missing")
        except LeukokitError as error:
            yield Finding("needs", Level.FAIL, f"{bound.path}: {error.what}", error.hint or "")
        else:
            if lacking is not None:
                yield Finding("needs", Level.NOTE, f"{bound.path}: {lacking}")
