"""Validate a value against a model, and say what is wrong in plain words."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from leukokit.near_names import did_you_mean
from leukokit.recipe.document import Path, shown

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """An invalid part of a value: its path from that value, and what was expected there."""

    path: Path
    message: str
    of_key: bool = False


def validated(model: type[Model], value: Any) -> tuple[Model | None, list[InvalidValue]]:
    """Validate ``value`` as strictly as JSON: ``"3"`` and ``true`` are no numbers, a list may be a tuple.

    Returns
    -------
    instance : model or None
        None where there are mistakes.
    mistakes : list of InvalidValue
    """
    try:
        return model.model_validate_json(json.dumps(value), strict=True), []
    except ValidationError as error:
        return None, _mistakes(model, value, error.errors(include_url=False))
    except Exception as error:  # a validator of a plugin that raises something else
        return None, [InvalidValue((), f"checking this value failed: {type(error).__name__}: {error}")]


def _mistakes(model: type[BaseModel], value: Any, errors: Iterable[ErrorDetails]) -> list[InvalidValue]:
    by_path: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        by_path.setdefault(_real_path(value, error), []).append(error)
    mistakes = []
    for path, path_errors in by_path.items():
        # `list[int] | int` complains of the list and of an item in it: the item is the mistake.
        inner = any(path == other[: len(path)] for other in by_path if len(other) > len(path))
        if inner and all(error["type"] in _TYPES for error in path_errors):
            continue
        extra = [error for error in path_errors if error["type"] == "extra_forbidden"]
        if extra:
            allowed = _fields_at(model, extra[0]["loc"][:-1])
            mistakes.append(InvalidValue(path, _unknown_key(str(path[-1]), allowed), of_key=True))
        else:
            begin = _FORMAT if path == ("leukokit",) else ""
            mistakes.append(InvalidValue(path, _message(path_errors) + begin))
    return mistakes


def _real_path(value: Any, error: ErrorDetails) -> Path:
    """Drop what pydantic adds to a location: names of union members, tags, validators."""
    path: list[str | int] = []
    for i, part in enumerate(error["loc"]):
        inside_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if inside_list or (isinstance(value, dict) and part in value):
            value = value[part]
            path.append(part)
        elif error["type"] == "missing" and i == len(error["loc"]) - 1:
            path.append(part)
    if error["type"] in _TAGS:  # a value that says in one of its keys which of several shapes it has
        path.append(str(error["ctx"]["discriminator"]).strip("'"))
    return tuple(path)


def _unknown_key(key: str, allowed: list[str]) -> str:
    known = f"; expected one of: {', '.join(allowed)}" if allowed else "; none can be given here"
    if {"use", "params"} <= set(allowed) and not did_you_mean(key, allowed):
        return f"unknown key {shown(key)}; parameters stand below 'params', as in params: {{{key[:40]}: ...}}"
    return f"unknown key {shown(key)}{did_you_mean(key, allowed)}{known}"


def _message(errors: list[ErrorDetails]) -> str:
    """Say what was expected; ``errors`` are all that pydantic has against one value."""
    for error in errors:
        if error["type"] in ("missing", "union_tag_not_found"):
            return "is missing and must be given"
        if error["type"] in ("value_error", "assertion_error") and len(errors) == 1:
            return str(error.get("ctx", {}).get("error") or error["msg"]).strip()
    expected = list(dict.fromkeys(_expected(error) for error in errors))
    choices = [choice for error in errors for choice in _choices(error)]
    given = errors[0]["ctx"]["tag"] if errors[0]["type"] in _TAGS else errors[0]["input"]
    hint = did_you_mean(given, choices) if isinstance(given, str) else ""
    return f"expected {' or '.join(expected)}, got {_got(given)}{hint}"


def _got(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping (keys and values)"
    if isinstance(value, (list, tuple)):
        return "an empty list" if not value else f"a list of {len(value)}"
    if isinstance(value, str):
        return shown(value)
    if value is None:
        return "nothing (null)"
    return json.dumps(value)[:60] if isinstance(value, (bool, int, float)) else shown(value)


_FORMAT = "; recipes for this version begin with 'leukokit: 1'"
_TAGS = ("union_tag_invalid", "union_tag_not_found")

_TYPES = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list without doubles",
    "frozen_set_type": "a list without doubles",
    "dict_type": "a mapping (keys and values)",
    "model_type": "a mapping (keys and values)",
    "model_attributes_type": "a mapping (keys and values)",
    "dataclass_type": "a mapping (keys and values)",
    "none_required": "null",
    "path_type": "a file path",
}


def _expected(error: ErrorDetails) -> str:
    kind, ctx = error["type"], error.get("ctx", {})
    if kind == "model_type" and ctx.get("class_name") in ("ComponentRef", "DataRef"):
        return "a component: its name, or {use: NAME, params: {...}}"
    if kind in _TYPES:
        return _TYPES[kind]
    for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")):
        if name in ctx and len(ctx) == 1:
            return f"a number {sign} {ctx[name]}"
    if choices := _choices(error):
        return "one of " + ", ".join(choices) if len(choices) > 1 else choices[0]
    match kind:
        case "multiple_of":
            return f"a multiple of {ctx['multiple_of']}"
        case "too_short":
            items = "item" if ctx["min_length"] == 1 else "items"
            return f"at least {ctx['min_length']} {items}"
        case "too_long":
            return f"at most {ctx['max_length']} items"
        case "string_too_short":
            return (
                "text that is not empty" if ctx["min_length"] == 1 else f"{ctx['min_length']} letters or more"
            )
        case "string_too_long":
            return f"at most {ctx['max_length']} letters"
        case "string_pattern_mismatch":
            return _pattern(str(ctx["pattern"]))
        case "value_error" | "assertion_error":
            return str(ctx.get("error") or error["msg"])
    words = error["msg"]
    for start in ("Input should be ", "Value error, "):
        words = words.removeprefix(start)
    return words[:1].lower() + words[1:]


def _pattern(pattern: str) -> str:
    from leukokit.recipe.base import SLUG

    if pattern == SLUG:
        return "letters, digits, '.', '_' and '-', beginning with a letter or digit (it names a folder)"
    return f"text that matches {pattern}"


def _choices(error: ErrorDetails) -> list[str]:
    ctx = error.get("ctx", {})
    listed = str(ctx.get("expected") or ctx.get("expected_tags") or "")
    if error["type"] not in ("literal_error", "enum", "union_tag_invalid") or not listed:
        return []
    return [part.strip().strip("'") for part in listed.replace(" or ", ", ").split(", ")]


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields that a value at ``location`` may have."""
    models: list[type[BaseModel]] = [model]
    for part in location:
        fields = [annotation for owner in models if (annotation := _field(owner, part)) is not None]
        inner = [model for annotation in fields for model in _models_in(annotation)]
        if inner:
            models = inner
        elif fields:
            return []
        else:  # an index, or the tag of a union
            models = [candidate for candidate in models if _has_tag(candidate, part)] or models
    return list(
        dict.fromkeys(info.alias or name for owner in models for name, info in owner.model_fields.items())
    )


def _field(model: type[BaseModel], part: int | str) -> Any:
    for name, info in model.model_fields.items():
        if part in (name, info.alias):
            return info.annotation
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    value = getattr(annotation, "__value__", None)  # `type X = ...`
    arguments = typing.get_args(annotation) if value is None else (value,)
    return [model for argument in arguments for model in _models_in(argument)]


def _has_tag(model: type[BaseModel], tag: int | str) -> bool:
    return any(tag in typing.get_args(info.annotation) for info in model.model_fields.values())
