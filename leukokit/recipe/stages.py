"""The stages of a recipe that name components, and short ways to write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from leukokit.api import Kind
from leukokit.recipe.document import Document, Path, Place

ONE = {"data": Kind.DATASET, "segment": Kind.SEGMENTER, "classify": Kind.CLASSIFIER}
"""Stages of one component."""

MANY = {
    "preprocess": Kind.PREPROCESSOR,
    "features": Kind.FEATURE_EXTRACTOR,
    "select": Kind.SELECTOR,
    "explain": Kind.EXPLAINER,
}
"""Stages that are lists of components."""

KIND_OF_STAGE = {
    stage: (ONE | MANY)[stage]
    for stage in ("data", "preprocess", "segment", "features", "select", "classify", "explain")
}
"""In the order in which a run meets them."""


def write_out(document: Document) -> None:
    """Replace short forms by long ones, in place.

    ``median`` becomes ``{use: median, params: {}}``, a lone component where a list is expected becomes a list
    of one, a blank becomes an empty list, and the name of a split ``{method: named, name: ...}``.
    """
    data = document.data
    if not isinstance(data, dict):
        return
    for stage in MANY:
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
        document.values[("split", "name")] = document.place(("split",))
        data["split"] = {"method": "named", "name": data["split"]}
    for stage in ONE:
        if stage in data:
            data[stage] = _long(document, (stage,), data[stage])


def written_components(document: Document) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """Stage, path and content of everything that has the shape of a component, mistakes elsewhere or not."""
    data = document.data if isinstance(document.data, dict) else {}
    for stage in KIND_OF_STAGE:
        value = data.get(stage)
        items = enumerate(value) if stage in MANY and isinstance(value, list) else [(None, value)]
        for i, item in items:
            if isinstance(item, dict):
                yield stage, (stage,) if i is None else (stage, i), item


def _long(document: Document, path: Path, item: Any) -> Any:
    if isinstance(item, str):
        document.values[(*path, "use")] = document.place(path)
        return {"use": item, "params": {}}
    if isinstance(item, dict) and item.get("params", {}) is None and not document.is_hole((*path, "params")):
        item["params"] = {}
    return item


def _move(document: Document, stage: str) -> None:
    """Give the places below ``stage`` the index 0 that the list of one brought in."""
    renamed: Callable[[Path], Path] = lambda path: (stage, 0, *path[1:]) if path[:1] == (stage,) else path  # noqa: E731
    whole: Place = document.place((stage,))
    key = document.keys.get((stage,))
    document.keys = {renamed(path): place for path, place in document.keys.items()}
    document.values = {renamed(path): place for path, place in document.values.items()}
    document.holes = {renamed(path) for path in document.holes}
    document.values[(stage,)] = whole
    if key is not None:
        document.keys[(stage,)] = key
