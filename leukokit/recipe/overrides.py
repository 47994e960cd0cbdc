"""Overrides: ``classify.params.C=10`` on the command line, a mapping from Python.

A path names keys of the recipe, and items of a list by their index or by their component's name. ``params``
may be left out (``classify.C``), and so may the index in a list of one. The grid of ``tune`` uses the same
paths.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any, TypeAlias

from leukokit.catalog import KindTable
from leukokit.errors import Problem, RecipeError
from leukokit.near_names import did_you_mean
from leukokit.recipe.document import Document, Path, SourcePosition, dotted, read_document, shown
from leukokit.recipe.models import ComponentRef, reference_model
from leukokit.recipe.stages import write_out

Overrides: TypeAlias = Mapping[str, object] | Sequence[str]


QUOTING = (
    "put double quotes around the whole argument, since the shell takes blanks and braces for its own: "
    '--set "classify={use: svm, params: {C: 10}}"'
)


class PathError(Exception):
    """A dotted path names nothing in this recipe; the text says what it could have named."""


def apply_overrides(
    document: Document, overrides: Overrides, fields: Iterable[str], kinds: KindTable
) -> dict[str, Any]:
    """Change ``document`` in place; what cannot be applied is added to its problems.

    Parameters
    ----------
    document : Document
        With short forms written out.
    overrides : mapping of path to value, or sequence of ``path=value``
        Values in text are read as YAML.
    fields : iterable of str
        Top-level keys of a recipe.
    kinds : KindTable
        Says which of these keys name components.

    Returns
    -------
    dict
        What was changed, by dotted path in its long form.
    """
    fields = tuple(fields)
    changed: dict[str, Any] = {}
    if isinstance(overrides, str):
        overrides = [overrides]
    from_text = not isinstance(overrides, Mapping)
    pairs = overrides.items() if isinstance(overrides, Mapping) else map(_split, overrides)
    for key, value in pairs:
        position = SourcePosition(f"--set {key}" if from_text else f"override {key}")
        try:
            plain = _from_yaml(value, position.source) if from_text else _from_python(value)
            path = resolve_path(document.data, key, fields, kinds)
            set_value(document, path, plain, position)
        except (PathError, UnicodeEncodeError, RecursionError) as error:
            document.problems.append(Problem("", str(error), position.source))
        except RecipeError as error:
            document.problems += [Problem("", problem.message, position.source) for problem in error.problems]
        else:
            changed[dotted(path)] = copy.deepcopy(plain)
            write_out(document, kinds)
    return changed


def resolve_path(data: Any, key: str, fields: Iterable[str], kinds: KindTable) -> Path:
    """Turn a dotted path into keys and indices of ``data``, whose short forms are written out.

    Raises
    ------
    PathError
        Where it names nothing.
    """
    head, *rest = parts = str(key).split(".")
    fields = tuple(fields)
    if "" in parts:
        raise PathError(
            f"{shown(key)} is not a path; expected keys joined by dots, such as 'classify.params.C'"
        )
    if head not in fields:
        raise PathError(
            f"there is no key {shown(head)}{did_you_mean(head, fields)}; keys: {', '.join(fields)}"
        )
    kind = next((kind for kind in kinds if kind.stage == head), None)
    if kind is not None and not kind.many:
        return (head, *_in_component(rest, reference_model(kind)))
    if kind is not None and rest:
        items = data.get(head) if isinstance(data, dict) else None
        index, rest = _index(head, items if isinstance(items, list) else [], rest)
        return (head, index, *_in_component(rest, reference_model(kind)))
    if head == "tune" and rest[:1] == ["grid"] and len(rest) > 1:
        return ("tune", "grid", ".".join(rest[1:]))  # a key of the grid is itself a path
    return tuple(parts)


def _in_component(rest: list[str], reference: type[ComponentRef]) -> list[str]:
    return rest if not rest or rest[0] in reference.model_fields else ["params", *rest]


def _index(stage: str, items: list[Any], rest: list[str]) -> tuple[int, list[str]]:
    names = [str(item.get("use")) if isinstance(item, dict) else "?" for item in items]
    first = rest[0]
    if first.isascii() and first.isdigit():
        if int(first[:9]) < len(items):
            return int(first), rest[1:]
        raise PathError(f"{stage} has {len(items)} components, counted from 0; there is no {shown(first)}")
    matches = [i for i, name in enumerate(names) if first in (name, name.rpartition("/")[2])]
    if len(matches) == 1:
        return matches[0], rest[1:]
    if matches:
        raise PathError(
            f"{stage} has {first!r} {len(matches)} times; say which by its index: "
            + " or ".join(f"{stage}.{i}" for i in matches)
        )
    if len(items) == 1 and (len(rest) == 1 or first in ComponentRef.model_fields):
        return 0, rest
    existing = f"; it has: {', '.join(names)}" if names else "; it has no components"
    raise PathError(f"{stage} has no component {shown(first)}{did_you_mean(first, names)}{existing}")


def set_value(document: Document, path: Path, value: Any, position: SourcePosition) -> None:
    """Put a value into a document, written at ``position``.

    Raises
    ------
    PathError
        Where the path leads through something that holds no values.
    """
    if document.data is None:
        document.data = {}
    holder = document.data
    for i, part in enumerate(path[:-1]):
        inner = _child(holder, part, path[: i + 1])
        if inner is None:
            inner = {}
            _assign(holder, part, inner, path[: i + 1])
            document.keys.setdefault(path[: i + 1], position)
            document.values[path[: i + 1]] = position
        holder = inner
    _assign(holder, path[-1], value, path)
    for positions in (document.keys, document.values):
        for replaced in [known for known in positions if known[: len(path)] == path]:
            del positions[replaced]
        positions[path] = position
    document.holes = {hole for hole in document.holes if hole[: len(path)] != path}


def _child(holder: Any, part: str | int, path: Path) -> Any:
    if isinstance(holder, dict):
        return holder.get(str(part))
    if isinstance(holder, list):
        return holder[_position(holder, part, path)]
    raise _not_a_mapping(path)


def _assign(holder: Any, part: str | int, value: Any, path: Path) -> None:
    if isinstance(holder, dict):
        holder[str(part)] = value
    elif isinstance(holder, list):
        holder[_position(holder, part, path)] = value
    else:
        raise _not_a_mapping(path)


def _position(holder: list[Any], part: str | int, path: Path) -> int:
    text = str(part)
    if text.isascii() and text.isdigit() and int(text[:9]) < len(holder):
        return int(text)
    raise PathError(f"{'.'.join(map(str, path[:-1]))} is a list of {len(holder)}; there is no {shown(part)}")


def _not_a_mapping(path: Path) -> PathError:
    return PathError(f"{'.'.join(map(str, path[:-1]))} is one value; {shown(path[-1])} cannot be set in it")


def _split(text: str) -> tuple[str, object]:
    key, equals, value = str(text).partition("=")
    return key.strip(), value if equals else None


def _from_yaml(value: object, source: str) -> Any:
    if value is None:
        raise PathError("expected PATH=VALUE, such as 'classify.params.C=10'")
    try:
        document = read_document(str(value).encode(), source)
    except UnicodeEncodeError:
        raise PathError("the value is not UTF-8 text") from None
    except RecipeError as error:
        raise _with_advice(error.problems, str(value)) from None
    if document.problems:
        raise _with_advice(document.problems, str(value))
    _refuse_lost_values(document.data)
    return document.data


def _with_advice(problems: Sequence[Problem], value: str) -> RecipeError:
    """Show the value where it has brackets: a shell may have passed on a part of it only."""
    if not value.lstrip().startswith(("{", "[")):
        return RecipeError(problems)
    advice = f". The value is {shown(value)}; {QUOTING}"
    return RecipeError([replace(problem, message=problem.message + advice) for problem in problems])


def _refuse_lost_values(value: Any) -> None:
    """Raise where ``{use=svm}`` or ``{use:svm}`` became one key without a value."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        _refuse_lost_values(inner)
        if inner is None and (parts := re.fullmatch(r"(\w+)\s*[=:]\s*(\S.*)", str(key))):
            right = f"{{{parts[1]}: {parts[2]}}}"
            raise PathError(f"{shown(key)} has no value; a colon and a blank go between: {right}")


def _from_python(value: Any) -> Any:
    """Bring a Python value (numpy scalars, paths, enums, tuples, sets) down to what YAML can say."""
    value = value.item() if not isinstance(value, type) and _is_numpy_scalar(value) else value
    if isinstance(value, Enum):
        return _from_python(value.value)
    if isinstance(value, str) and not value.isascii():
        value.encode()  # half a surrogate pair cannot be written to a file
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, Mapping):
        return {str(key): _from_python(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_from_python(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_from_python(inner) for inner in value), key=str)
    raise PathError(
        f"a value of type {type(value).__name__} cannot stand in a recipe; expected numbers, text or lists"
    )


def _is_numpy_scalar(value: Any) -> bool:
    return type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0


def copied(document: Document) -> Document:
    """Copy a document, so that changes to one do not reach the other."""
    return Document(
        document.source,
        copy.deepcopy(document.data),
        dict(document.keys),
        dict(document.values),
        set(document.holes),
        list(document.problems),
    )
