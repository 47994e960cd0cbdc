"""The JSON Schema of recipes, with the parameters of every installed component, for editors."""

from __future__ import annotations

from typing import Any

from leukokit.api import Kind
from leukokit.catalog import Catalog, Entry
from leukokit.errors import CatalogError
from leukokit.recipe.models import RecipeModel
from leukokit.recipe.stages import MANY, ONE

_BASE_REF = "#/$defs/"


def recipe_schema(catalog: Catalog) -> dict[str, Any]:
    """Build the schema (draft 2020-12) of a recipe for the components of ``catalog``.

    A component that cannot be loaded here is known by name, with any parameters.
    """
    schema = RecipeModel.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    definitions.pop("ComponentRef", None)
    data = definitions.pop("DataRef")["properties"]
    beside = {name: described for name, described in data.items() if name not in ("use", "params")}
    for kind in Kind:
        _add_kind(definitions, catalog, kind, beside if kind is Kind.DATASET else {})
    properties = schema["properties"]
    for stage, kind in ONE.items():
        one = {"$ref": _BASE_REF + str(kind)}
        described = {"description": properties[stage]["description"]}
        properties[stage] = {**described, **(one if stage == "data" else {"anyOf": [one, {"type": "null"}]})}
    for stage, kind in MANY.items():
        one = {"$ref": _BASE_REF + str(kind)}
        properties[stage] = {
            "description": properties[stage]["description"],
            "anyOf": [{"type": "array", "items": one}, one, {"type": "null"}],
        }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "leukokit recipe"
    return schema


def _add_kind(definitions: dict[str, Any], catalog: Catalog, kind: Kind, more: dict[str, Any]) -> None:
    """Define the kind, and each of its components with ``more`` properties beside ``params``."""
    entries = catalog.of(kind)
    if not entries:
        definitions[str(kind)] = False  # nothing is installed, so nothing is valid
        return
    refs = []
    for entry in entries:
        # `/` would be read as a step of the pointer.
        name = f"{kind}.{entry.name.replace('/', '.')}"
        definitions[name] = _component(definitions, entry, name, more)
        refs.append({"$ref": _BASE_REF + name})
    names = [{"const": entry.name, "description": entry.spec.summary} for entry in entries]
    definitions[str(kind)] = {"oneOf": [*names, *refs]}


def _component(definitions: dict[str, Any], entry: Entry, name: str, more: dict[str, Any]) -> dict[str, Any]:
    try:
        model = entry.load().Params
        params = model.model_json_schema(mode="validation", ref_template=f"{_BASE_REF}{name}.{{model}}")
    except CatalogError as error:
        params = {"type": "object", "description": str(error)}
    for inner, definition in params.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    required = ["use", "params"] if params.get("required") else ["use"]
    if not params.get("required"):
        params = {"anyOf": [params, {"type": "null"}]}
    return {
        "type": "object",
        "description": entry.spec.summary,
        "properties": {"use": {"const": entry.name}, "params": params, **more},
        "required": required,
        "additionalProperties": False,
    }
