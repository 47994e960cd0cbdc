"""Load a recipe: read it, apply overrides, check everything in one pass."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from leukokit.catalog import Catalog
from leukokit.errors import Problem, RecipeError
from leukokit.recipe.binding import Stages, bind
from leukokit.recipe.data_choice import DataChange, replace_data
from leukokit.recipe.document import Document, read_document
from leukokit.recipe.flow import check_flow
from leukokit.recipe.grid import check_grid
from leukokit.recipe.messages import validated
from leukokit.recipe.models import RecipeModel, recipe_model
from leukokit.recipe.overrides import Overrides, apply_overrides, copied
from leukokit.recipe.recipe import Recipe
from leukokit.recipe.source import RecipeSource
from leukokit.recipe.stages import write_out

MAX_PROBLEMS = 100


def load_recipe(
    path: str | os.PathLike[str],
    catalog: Catalog,
    *,
    overrides: Overrides = (),
    data: str | os.PathLike[str] | None = None,
) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    path : path
        A YAML file. File paths inside it are taken as they are written, relative ones from the current
        directory like those on the command line; nothing in them is expanded.
    catalog : Catalog
        What is installed.
    overrides : mapping, or sequence of str
        ``{"classify.params.C": 10}``, or ``["classify.params.C=10"]`` with values in YAML.
    data : str or path, optional
        Other data in place of the section ``data``: a folder, a table, or the name of a data set, as
        :func:`leukokit.recipe.data_choice.data_section` takes them. Overrides are applied after it.

    Raises
    ------
    RecipeError
        With every mistake that one pass can find, each located.
    UsageError
        Where ``data`` is nothing that can be read.
    """
    source = RecipeSource.read(path)
    return load_recipe_text(
        source.text, catalog, source=source.name, path=source.path, overrides=overrides, data=data
    )


def load_recipe_text(
    content: bytes | str,
    catalog: Catalog,
    *,
    source: str = "recipe",
    path: Path | None = None,
    overrides: Overrides = (),
    data: str | os.PathLike[str] | None = None,
) -> Recipe:
    """Check a recipe given as text; see :func:`load_recipe`."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    document = read_document(raw, source)
    write_out(document, catalog.kinds)
    change = DataChange() if data is None else replace_data(document, data, catalog)
    return _build(change.changed, document, _Source(raw, path, catalog, tuple(change.notes)), overrides)


@dataclass(frozen=True, slots=True)
class _Source:
    """What stays the same of a recipe, whatever is changed in it."""

    text: bytes
    path: Path | None
    catalog: Catalog
    notes: tuple[str, ...]


def _build(before: dict[str, Any], written: Document, source: _Source, overrides: Overrides) -> Recipe:
    catalog = source.catalog
    document = copied(written)
    if document.data is not None and not isinstance(document.data, dict):
        document.problem((), "expected keys and values, such as 'leukokit: 1'")
        raise RecipeError(document.problems)
    model_class = recipe_model(catalog.kinds)
    fields = tuple(model_class.model_fields)
    changed = before | apply_overrides(document, overrides, fields, catalog.kinds)
    if document.data is None:
        message = f"the recipe is empty; expected the keys {', '.join(fields[:2])}, data and more"
        document.problem((), message)
        raise RecipeError(document.problems)
    model, mistakes = validated(model_class, document.data)
    for mistake in mistakes:
        if not document.is_hole(mistake.path):
            document.problem(mistake.path, mistake.message, of_key=mistake.of_key)
    stages = bind(document, catalog)
    check_grid(document, stages, fields, catalog.kinds)
    check_flow(document, stages, catalog)
    if document.problems or model is None:
        raise RecipeError(_in_order(document))
    return _recipe(model, stages, changed, document, source)


def _recipe(
    model: RecipeModel, stages: Stages, changed: dict[str, Any], document: Document, source: _Source
) -> Recipe:
    return Recipe(
        model=model,
        path=source.path,
        text=source.text,
        notes=source.notes,
        overrides=changed,
        bound={kind.stage: tuple(stages.of(kind.stage)) for kind in source.catalog.kinds},
        fallback=stages.fallback,
        _reload=partial(_build, changed, document, source),
    )


def _in_order(document: Document) -> list[Problem]:
    unique = list(dict.fromkeys(document.problems))
    unique.sort(key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0))
    if len(unique) > MAX_PROBLEMS:
        more = Problem("", f"and {len(unique) - MAX_PROBLEMS} more", document.source)
        unique = [*unique[:MAX_PROBLEMS], more]
    return unique
