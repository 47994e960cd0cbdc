"""The JSON Schema of recipes, with the parameters of every installed component, for editors."""

from __future__ import annotations

from typing import Any

from leukokit.catalog import Catalog, CatalogEntry, ComponentKind
from leukokit.errors import CatalogError
from leukokit.recipe.models import ComponentRef, recipe_model, reference_model

_BASE_REF = "#/$defs/"
FALLBACK = "fallback"
"""Definition of a component that stands in for another."""


def recipe_schema(catalog: Catalog) -> dict[str, Any]:
    """Build the schema (draft 2020-12) of a recipe for the components of ``catalog``.

    A component that cannot be loaded here is known by name, with any parameters.
    """
    schema = recipe_model(catalog.kinds).model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    more: dict[str, dict[str, Any]] = {}
    for kind in catalog.kinds:
        fields = definitions.get(reference_model(kind).__name__, {}).get("properties", {})
        more[kind.name] = {name: fields[name] for name in fields if name not in ComponentRef.model_fields}
    for name in {ComponentRef.__name__, *(reference_model(kind).__name__ for kind in catalog.kinds)}:
        definitions.pop(name, None)
    for fields in more.values():
        if "fallback" in fields:  # a component of the same kind, and nothing more
            described = {"description": fields["fallback"]["description"]}
            fields["fallback"] = {**described, "anyOf": [{"$ref": _BASE_REF + FALLBACK}, {"type": "null"}]}
    properties = schema["properties"]
    for kind in catalog.kinds:
        _add_kind(definitions, catalog, kind, more[kind.name])
        described = {"description": properties[kind.stage]["description"]}
        properties[kind.stage] = {**described, **_key(kind)}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "leukokit recipe"
    return schema


def _key(kind: ComponentKind) -> dict[str, Any]:
    """Allow a component of the kind under the recipe's key, and where it takes many, a list of them."""
    one = {"$ref": _BASE_REF + kind.name}
    if kind.many:
        return {"anyOf": [{"type": "array", "items": one}, one, {"type": "null"}]}
    return one if kind.required else {"anyOf": [one, {"type": "null"}]}


def _add_kind(
    definitions: dict[str, Any], catalog: Catalog, kind: ComponentKind, more: dict[str, Any]
) -> None:
    """Define the kind, and each of its components with ``more`` properties beside ``params``."""
    entries = catalog.of(kind)
    if not entries:
        definitions[str(kind)] = False  # nothing is installed, so nothing is valid
        return
    refs, plain = [], []
    for entry in entries:
        # `/` would be read as a step of the pointer.
        name = f"{kind}.{entry.name.replace('/', '.')}"
        component = _component(definitions, entry, name)
        definitions[name] = {**component, "properties": {**component["properties"], **more}}
        refs.append({"$ref": _BASE_REF + name})
        plain.append(component)
    names = [{"const": entry.name, "description": entry.spec.summary} for entry in entries]
    definitions[str(kind)] = {"oneOf": [*names, *refs]}
    if "fallback" in more:
        definitions[FALLBACK] = {"oneOf": [*names, *plain]}


def _component(definitions: dict[str, Any], entry: CatalogEntry, name: str) -> dict[str, Any]:
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
        "properties": {"use": {"const": entry.name}, "params": params},
        "required": required,
        "additionalProperties": False,
    }
