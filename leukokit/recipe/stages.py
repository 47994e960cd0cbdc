"""The keys of a recipe that name components, and short ways to write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from leukokit.catalog import ComponentKind, KindTable
from leukokit.recipe.document import Document, Path, SourcePosition

FALLBACK: Path = ("data", "fallback")
"""Place of the data set that stands in for a missing one."""


def write_out(document: Document, kinds: KindTable) -> None:
    """Replace short forms by long ones, in place.

    ``median`` becomes ``{use: median, params: {}}``, also as ``data.fallback``; a lone component where a list
    is expected becomes a list of one, a blank an empty list, and the name of a split
    ``{method: named, name: ...}``.
    """
    data = document.data
    if not isinstance(data, dict):
        return
    for stage in kinds.stages(many=True):
        if stage not in data or document.is_hole((stage,)):
            continue
        if data[stage] is None:
            data[stage] = []
        elif isinstance(data[stage], (str, dict)):
            data[stage] = [data[stage]]
            _move(document, stage)
        if isinstance(data[stage], list):
            for i, item in enumerate(data[stage]):
                data[stage][i] = _long(document, (stage, i), item)
    if isinstance(data.get("split"), str):
        document.values[("split", "name")] = document.position(("split",))
        data["split"] = {"method": "named", "name": data["split"]}
    for stage in kinds.stages(many=False):
        if stage in data:
            data[stage] = _long(document, (stage,), data[stage])
    section = data.get("data")
    if isinstance(section, dict) and "fallback" in section:
        section["fallback"] = _long(document, FALLBACK, section["fallback"])


def written_components(
    document: Document, kinds: KindTable
) -> Iterator[tuple[ComponentKind, Path, dict[str, Any]]]:
    """Kind, path and content of everything that has the shape of a component, mistakes elsewhere or not."""
    data = document.data if isinstance(document.data, dict) else {}
    for kind in kinds:
        value = data.get(kind.stage)
        items = enumerate(value) if kind.many and isinstance(value, list) else [(None, value)]
        for i, item in items:
            if isinstance(item, dict):
                yield kind, (kind.stage,) if i is None else (kind.stage, i), item


def _long(document: Document, path: Path, item: Any) -> Any:
    if isinstance(item, str):
        document.values[(*path, "use")] = document.position(path)
        return {"use": item, "params": {}}
    if isinstance(item, dict) and item.get("params", {}) is None and not document.is_hole((*path, "params")):
        item["params"] = {}
    return item


def _move(document: Document, stage: str) -> None:
    """Give the places below ``stage`` the index 0 that the list of one brought in."""
    renamed: Callable[[Path], Path] = lambda path: (stage, 0, *path[1:]) if path[:1] == (stage,) else path  # noqa: E731
    whole: SourcePosition = document.position((stage,))
    key = document.keys.get((stage,))
    document.keys = {renamed(path): place for path, place in document.keys.items()}
    document.values = {renamed(path): place for path, place in document.values.items()}
    document.holes = {renamed(path) for path in document.holes}
    document.values[(stage,)] = whole
    if key is not None:
        document.keys[(stage,)] = key
