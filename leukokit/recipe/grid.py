"""The grid of ``tune``: every value is checked like the parameter that it stands for."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Any

from leukokit.api import Component
from leukokit.catalog import KindTable
from leukokit.recipe.binding import Stages, check_params
from leukokit.recipe.document import Document, Path, dotted
from leukokit.recipe.messages import InvalidValue
from leukokit.recipe.overrides import PathError, resolve_path

MAX_COMBINATIONS = 10_000
"""Combinations of a whole grid: each is fitted once a fold of the search."""

MAX_CHECKED = 2000
"""Combinations of one component's values that are checked before a run."""


def check_grid(document: Document, stages: Stages, fields: Sequence[str], kinds: KindTable) -> None:
    """Add a problem for every path and value of the grid that cannot be used.

    Parameters
    ----------
    fields : sequence of str
        Top-level keys of a recipe.
    kinds : KindTable
        Says which keys name components, and which of these ``tune`` may vary.
    """
    data = document.data if isinstance(document.data, dict) else {}
    tune = data.get("tune")
    grid = tune.get("grid") if isinstance(tune, dict) else None
    if not isinstance(grid, dict):
        return
    tunable = [kind.stage for kind in kinds if kind.tunable]
    combinations = math.prod(len(values) for values in grid.values() if isinstance(values, list))
    if combinations > MAX_COMBINATIONS:
        message = (
            f"has {combinations:,} combinations; expected at most {MAX_COMBINATIONS:,}: give fewer values"
        )
        document.problem(("tune", "grid"), message, of_key=True)
        return
    targets: dict[Path, dict[str, Path]] = {}
    seen: dict[Path, str] = {}
    for key, values in grid.items():
        path_of_key = ("tune", "grid", key)
        try:
            path = resolve_path(data, key, fields, kinds)
            place, inner = _target(stages, path, key, tunable)
        except PathError as error:
            document.problem(path_of_key, str(error), of_key=True)
            continue
        if path in seen:
            document.problem(path_of_key, f"is the same parameter as {seen[path]}", of_key=True)
            continue
        seen[path] = key
        if isinstance(values, list) and values:
            targets.setdefault(place, {})[key] = inner
    for place, keys in targets.items():
        if place in stages.classes:
            _check_values(document, stages.classes[place], stages.written[place], keys, grid)


def _target(stages: Stages, path: Path, key: str, tunable: Sequence[str]) -> tuple[Path, Path]:
    """Place of the component that a path leads to, and the path inside its parameters."""
    if path[0] not in tunable:
        raise PathError(f"tune can vary parameters of {', '.join(tunable)}; {key} is none of them")
    for component in stages.written:
        size = len(component)
        if path[:size] == component and path[size : size + 1] == ("params",) and len(path) > size + 1:
            return component, path[size + 1 :]
    if not stages.has(str(path[0])):
        raise PathError(f"the recipe has no {path[0]}, so {key} cannot be tuned")
    raise PathError(f"{dotted(path)} is not a parameter; expected a path such as classify.C")


def _check_values(
    document: Document,
    cls: type[Component],
    written: dict[str, Any],
    keys: dict[str, Path],
    grid: dict[str, list[Any]],
) -> None:
    _, before = check_params(cls, written)
    known = {(mistake.path, mistake.message) for mistake in before}
    reported: set[tuple[Path, str]] = set()
    choices = [list(enumerate(grid[key])) for key in keys]
    for point in itertools.islice(itertools.product(*choices), MAX_CHECKED):
        params = copy.deepcopy(written)
        for inner, (_, value) in zip(keys.values(), point, strict=True):
            _set(params, inner, value)
        for mistake in check_params(cls, params)[1]:
            if (mistake.path, mistake.message) in known:
                continue
            path_in_grid = _in_grid(mistake, keys, [i for i, _ in point])
            if (path_in_grid, mistake.message) not in reported:
                reported.add((path_in_grid, mistake.message))
                document.problem(path_in_grid, mistake.message, of_key=mistake.of_key)


def _in_grid(mistake: InvalidValue, keys: dict[str, Path], indices: list[int]) -> Path:
    path = mistake.path
    for (key, inner), i in zip(keys.items(), indices, strict=True):
        if path[: len(inner)] == inner:
            # A parameter that does not exist is a mistake in the key, not in its first value.
            own = mistake.of_key and path == inner
            return ("tune", "grid", key) if own else ("tune", "grid", key, i, *path[len(inner) :])
    return ("tune", "grid", next(iter(keys)), indices[0])


def _set(params: dict[str, Any], path: Path, value: Any) -> None:
    holder: Any = params
    for part in path[:-1]:
        inner = holder.get(part) if isinstance(holder, dict) else None
        if not isinstance(inner, dict):
            inner = {}
            if isinstance(holder, dict):
                holder[str(part)] = inner
        holder = inner
    holder[str(path[-1])] = value
