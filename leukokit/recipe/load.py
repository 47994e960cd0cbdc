"""Load a recipe: read it, apply overrides, check everything in one pass."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from leukokit.catalog import Catalog
from leukokit.errors import Problem, RecipeError
from leukokit.recipe.binding import Stages, bind
from leukokit.recipe.document import MAX_BYTES, Document, read_document
from leukokit.recipe.flow import check_flow
from leukokit.recipe.grid import check_grid
from leukokit.recipe.messages import validated
from leukokit.recipe.models import RecipeModel, recipe_model
from leukokit.recipe.overrides import Overrides, apply_overrides, copied
from leukokit.recipe.recipe import Recipe
from leukokit.recipe.stages import write_out

MAX_PROBLEMS = 100


def load_recipe(path: str | os.PathLike[str], catalog: Catalog, *, overrides: Overrides = ()) -> Recipe:
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

    Raises
    ------
    RecipeError
        With every mistake that one pass can find, each located.
    """
    source = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise RecipeError([Problem("", reason, source)]) from error
    if len(content) > MAX_BYTES:
        message = f"the file has {size:,} bytes; a recipe may have at most {MAX_BYTES:,}"
        raise RecipeError([Problem("", message, source, 1, 1)])
    return load_recipe_text(content, catalog, source=source, path=Path(path), overrides=overrides)


def load_recipe_text(
    content: bytes | str,
    catalog: Catalog,
    *,
    source: str = "recipe",
    path: Path | None = None,
    overrides: Overrides = (),
) -> Recipe:
    """Check a recipe given as text; see :func:`load_recipe`."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    document = read_document(raw, source)
    write_out(document, catalog.kinds)
    return _build({}, document, raw, path, catalog, overrides)


def load_recipe_mapping(content: Mapping[str, Any], catalog: Catalog, *, overrides: Overrides = ()) -> Recipe:
    """Check a recipe given as a Python mapping; see :func:`load_recipe`.

    Raises
    ------
    RecipeError
        With every mistake; lines are those of the YAML that the mapping becomes, as ``recipe.yaml`` has it.
    """
    try:
        plain = json.loads(json.dumps(content, default=_path, allow_nan=False))
    except (TypeError, ValueError) as error:
        message = f"a recipe holds texts, numbers, lists and mappings only ({error})"
        raise RecipeError([Problem("", message, "recipe")]) from error
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    text = io.StringIO()
    yaml.dump(plain, text)
    return load_recipe_text(text.getvalue(), catalog, overrides=overrides)


def _path(value: object) -> str:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def _build(
    before: dict[str, Any],
    written: Document,
    text: bytes,
    path: Path | None,
    catalog: Catalog,
    overrides: Overrides,
) -> Recipe:
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
    return _recipe(model, stages, changed, document, text, path, catalog)


def _recipe(
    model: RecipeModel,
    stages: Stages,
    changed: dict[str, Any],
    document: Document,
    text: bytes,
    path: Path | None,
    catalog: Catalog,
) -> Recipe:
    return Recipe(
        model=model,
        path=path,
        text=text,
        overrides=changed,
        bound={kind.stage: tuple(stages.of(kind.stage)) for kind in catalog.kinds},
        _reload=partial(_build, changed, document, text, path, catalog),
    )


def _in_order(document: Document) -> list[Problem]:
    unique = list(dict.fromkeys(document.problems))
    unique.sort(key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0))
    if len(unique) > MAX_PROBLEMS:
        more = Problem("", f"and {len(unique) - MAX_PROBLEMS} more", document.source)
        unique = [*unique[:MAX_PROBLEMS], more]
    return unique
