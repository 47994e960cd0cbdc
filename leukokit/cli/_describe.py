"""Parameters of a component as rows of a table, read off the JSON Schema of their model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_BOUNDS = (
    ("exclusiveMinimum", ">"),
    ("minimum", ">="),
    ("exclusiveMaximum", "<"),
    ("maximum", "<="),
    ("multipleOf", "multiple of"),
    ("minLength", "length >="),
    ("maxLength", "length <="),
    ("minItems", "items >="),
    ("maxItems", "items <="),
)
_WORDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true/false",
    "null": "null",
    "object": "mapping",
}


@dataclass(frozen=True, slots=True)
class ParamRow:
    """One parameter, in words."""

    name: str
    type: str
    default: str
    bounds: str
    description: str


def rows_of(params: type[BaseModel]) -> list[ParamRow]:
    """Describe every field of a parameter model."""
    schema = params.model_json_schema()
    definitions = schema.get("$defs", {})
    required = schema.get("required", [])
    rows = []
    for name, field in schema.get("properties", {}).items():
        default = "(must be given)" if name in required else _value(field.get("default"))
        types = list(dict.fromkeys(_types(field, definitions)))
        bounds = list(dict.fromkeys(_bounds(field, definitions)))
        text = " ".join(str(field.get("description", "")).split())
        rows.append(ParamRow(name, " | ".join(types), default, ", ".join(bounds), text))
    return rows


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _parts(field: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in field:
        return _parts(definitions.get(field["$ref"].rpartition("/")[2], {}), definitions)
    inner = field.get("anyOf") or field.get("oneOf") or field.get("allOf")
    return [part for one in inner for part in _parts(one, definitions)] if inner else [field]


def _types(field: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    words = []
    for part in _parts(field, definitions):
        if "const" in part or "enum" in part:
            words += [_value(value) for value in part.get("enum", [part.get("const")])]
        elif part.get("type") == "array":
            items = part.get("prefixItems") or [part.get("items", {})]
            inside = list(dict.fromkeys(word for item in items for word in _types(item, definitions)))
            words.append(f"list of {' | '.join(inside) or 'anything'}")
        elif part.get("format") == "path":
            words.append("file path")
        else:
            words.append(_WORDS.get(str(part.get("type")), "anything"))
    return words


def _bounds(field: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    return [
        f"{sign} {part[key]:g}" if isinstance(part[key], float) else f"{sign} {part[key]}"
        for part in _parts(field, definitions)
        for key, sign in _BOUNDS
        if key in part
    ]
