"""The fields of every record in words, for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leukokit.record.schema import run_schema

_REFERENCE = "#/$defs/"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field.

    Attributes
    ----------
    name : str
    type : str
        ``number``, ``text``, ``list of Bin``, ``Interval or null``.
    description : str
    """

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """One kind of JSON object.

    Attributes
    ----------
    name : str
        As other tables refer to it.
    files : tuple of str
        Files that are such an object; none for parts of other objects.
    description : str
    rows : tuple of FieldRow
        None where the names of fields are free.
    """

    name: str
    files: tuple[str, ...]
    description: str
    rows: tuple[FieldRow, ...]


def object_tables() -> Iterator[ObjectTable]:
    """Every object, files first, each followed by the parts that it is the first to name."""
    schema = run_schema()
    known: Mapping[str, Any] = schema["$defs"]
    told: set[str] = set()
    for file, reference in schema["properties"].items():
        waiting = [_name(reference)]
        while waiting:
            name = waiting.pop(0)
            if name in told:
                continue
            told.add(name)
            definition = known[name]
            files = (file,) if name == _name(reference) else ()
            yield ObjectTable(name, files, definition["description"], tuple(_rows(definition)))
            waiting = [*_named(definition), *waiting]


def _rows(definition: Mapping[str, Any]) -> Iterator[FieldRow]:
    required = definition.get("required", ())
    for name, facts in definition.get("properties", {}).items():
        words = _type(facts)
        if name not in required and facts.get("default", "") is None and "anyOf" in facts:
            # That a file may lack it is what the default says; null is told where it has a meaning.
            words = " or ".join(_type(choice) for choice in facts["anyOf"] if choice.get("type") != "null")
        yield FieldRow(name, words, facts.get("description", ""))


def _type(facts: Mapping[str, Any]) -> str:
    if "$ref" in facts:
        return _name(facts)
    if "enum" in facts:
        return ", ".join(f"`{choice}`" for choice in facts["enum"])
    if "anyOf" in facts:
        return " or ".join(_type(choice) for choice in facts["anyOf"])
    if facts.get("type") == "array":
        inner: Mapping[str, Any] = facts.get("items") or next(iter(facts.get("prefixItems", ())), {})
        return f"list of {_type(inner)}"
    if facts.get("type") == "object":
        values = facts.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, Mapping) else "object"
    return {"integer": "whole number", "string": "text", "boolean": "true or false", "null": "null"}.get(
        facts.get("type", ""), facts.get("type") or "any value"
    )


def _named(value: object) -> Iterator[str]:
    """Objects that another one refers to, in order."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield _name(value)
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).removeprefix(_REFERENCE)
