"""Where two recipes differ, every default filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"
"""Stands for a value that one of the two does not have."""


@dataclass(frozen=True)
class Differing:
    """One place where two recipes differ.

    Attributes
    ----------
    path : str
        Dotted path; components of a list go by their name, the second of a name as ``lbp#2``.
    first, second : JSON value
        ``ABSENT`` where there is none.
    """

    path: str
    first: Any
    second: Any


def recipe_diff(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Differing]:
    """Compare two ``resolved.json``, sorted by path.

    Another component in the same place is one difference, not one a parameter. Components of a list are
    compared by name, whatever their place; another order of the same names is a difference of its own, under
    the path of the list.
    """
    return sorted(_differing("", first, second), key=lambda each: each.path)


def _differing(path: str, first: Any, second: Any) -> Iterator[Differing]:
    if first == second and type(first) is type(second):
        return
    if _is_component(first) and _is_component(second) and first["use"] != second["use"]:
        yield Differing(path, first, second)
    elif isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in sorted({*first, *second}):
            inner = f"{path}.{name}" if path else str(name)
            yield from _differing(inner, first.get(name, ABSENT), second.get(name, ABSENT))
    elif _are_components(first) and _are_components(second) and (first or second):
        ours, theirs = _by_name(first), _by_name(second)
        for name in sorted({*ours, *theirs}):
            yield from _differing(f"{path}.{name}", ours.get(name, ABSENT), theirs.get(name, ABSENT))
        both = [[name for name in each if name in ours and name in theirs] for each in (ours, theirs)]
        if both[0] != both[1]:
            yield Differing(path, list(ours), list(theirs))
    elif first != second or isinstance(first, bool) is not isinstance(second, bool):
        yield Differing(path, first, second)


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
