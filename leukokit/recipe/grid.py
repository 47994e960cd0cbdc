"""The grid of ``tune``: every value is checked like the parameter that it stands for."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from leukokit.recipe.binding import Slot, Stages, check_params
from leukokit.recipe.document import Document, Path, dotted
from leukokit.recipe.messages import Finding
from leukokit.recipe.models import FIELDS
from leukokit.recipe.overrides import PathError, resolve_path

TUNABLE = ("preprocess", "segment", "features", "select", "classify")

MAX_CHECKED = 2000
"""Combinations of one component's values that are checked before a run."""


def check_grid(document: Document, stages: Stages) -> None:
    """Add a problem for every path and value of the grid that cannot be used."""
    data = document.data if isinstance(document.data, dict) else {}
    tune = data.get("tune")
    grid = tune.get("grid") if isinstance(tune, dict) else None
    if not isinstance(grid, dict):
        return
    targets: dict[int, dict[str, Path]] = {}
    seen: dict[Path, str] = {}
    for key, values in grid.items():
        here = ("tune", "grid", key)
        try:
            path = resolve_path(data, key, FIELDS)
            i, inner = _target(stages, path, key)
        except PathError as error:
            document.problem(here, str(error), of_key=True)
            continue
        if path in seen:
            document.problem(here, f"is the same parameter as {seen[path]}", of_key=True)
            continue
        seen[path] = key
        if isinstance(values, list) and values:
            targets.setdefault(i, {})[key] = inner
    for i, keys in targets.items():
        if stages.slots[i].cls is not None:
            _check_values(document, stages.slots[i], keys, grid)


def _target(stages: Stages, path: Path, key: str) -> tuple[int, Path]:
    """Index of the slot that a path leads to, and the path inside its parameters."""
    if path[0] not in TUNABLE:
        raise PathError(f"tune can vary parameters of {', '.join(TUNABLE)}; {key} is none of them")
    for i, slot in enumerate(stages.slots):
        size = len(slot.path)
        if path[:size] == slot.path and path[size : size + 1] == ("params",) and len(path) > size + 1:
            return i, path[size + 1 :]
    if not stages.has(str(path[0])):
        raise PathError(f"the recipe has no {path[0]}, so {key} cannot be tuned")
    raise PathError(f"{dotted(path)} is no parameter; expected a path such as classify.C")


def _check_values(document: Document, slot: Slot, keys: dict[str, Path], grid: dict[str, list[Any]]) -> None:
    assert slot.cls is not None
    _, before = check_params(slot.cls, slot.params)
    known = {(finding.path, finding.message) for finding in before}
    told: set[tuple[Path, str]] = set()
    choices = [list(enumerate(grid[key])) for key in keys]
    for point in itertools.islice(itertools.product(*choices), MAX_CHECKED):
        params = copy.deepcopy(slot.params)
        for inner, (_, value) in zip(keys.values(), point, strict=True):
            _set(params, inner, value)
        for finding in check_params(slot.cls, params)[1]:
            if (finding.path, finding.message) in known:
                continue
            here = _in_grid(finding, keys, [i for i, _ in point])
            if (here, finding.message) not in told:
                told.add((here, finding.message))
                document.problem(here, finding.message, of_key=finding.of_key)


def _in_grid(finding: Finding, keys: dict[str, Path], indices: list[int]) -> Path:
    path = finding.path
    for (key, inner), i in zip(keys.items(), indices, strict=True):
        if path[: len(inner)] == inner:
            # A parameter that does not exist is a mistake in the key, not in its first value.
            own = finding.of_key and path == inner
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
