"""Differences between two recipes, with all defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"
"""Stands for a value that one of the two recipes does not have."""


@dataclass(frozen=True)
class ValueDifference:
    """One value that differs between two recipes or environments.

    Attributes
    ----------
    path : str
        Dotted path; components of a list by name, the second with a name as ``lbp#2``.
    first, second : JSON value
        ``ABSENT`` where there is none.
    """

    path: str
    first: Any
    second: Any


def recipe_diff(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[ValueDifference]:
    """Compare two ``resolved.json``; differences are sorted by path.

    A different component at one path is one difference, not one per parameter. Components of a list are
    compared by name, whatever their position; a different order of the same names is one more difference,
    with the path of the list.
    """
    return sorted(_differing("", first, second), key=lambda difference: difference.path)


def _differing(path: str, first: Any, second: Any) -> Iterator[ValueDifference]:
    if first == second and type(first) is type(second):
        return
    if _is_component(first) and _is_component(second) and first["use"] != second["use"]:
        yield ValueDifference(path, first, second)
    elif isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in sorted({*first, *second}):
            inner = f"{path}.{name}" if path else str(name)
            yield from _differing(inner, first.get(name, ABSENT), second.get(name, ABSENT))
    elif _are_components(first) and _are_components(second) and (first or second):
        ours, theirs = _by_name(first), _by_name(second)
        for name in sorted({*ours, *theirs}):
            yield from _differing(f"{path}.{name}", ours.get(name, ABSENT), theirs.get(name, ABSENT))
        both = [
            [name for name in components if name in ours and name in theirs] for components in (ours, theirs)
        ]
        if both[0] != both[1]:
            yield ValueDifference(path, list(ours), list(theirs))
    elif first != second or isinstance(first, bool) is not isinstance(second, bool):
        yield ValueDifference(path, first, second)


def _is_component(value: Any) -> bool:
    return isinstance(value, Mapping) and "use" in value


def _are_components(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_component, value))


def _by_name(components: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    named: dict[str, Mapping[str, Any]] = {}
    for component in components:
        name, count = str(component["use"]), 1
        while (name if count == 1 else f"{name}#{count}") in named:
            count += 1
        named[name if count == 1 else f"{name}#{count}"] = component
    return named
