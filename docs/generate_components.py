"""Write docs/components.md from the code: ``python docs/generate_components.py``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from leukokit.catalog import Catalog, CatalogEntry, ComponentKind, discover
from leukokit.cli._describe import rows_of

PAGE = Path(__file__).with_name("components.md")
HEAD = """# Components

Written by `python docs/generate_components.py` from the code; a test keeps it current. The same is shown by
`leukokit show NAME`, and for plugins installed later as well.
"""


def page(catalog: Catalog) -> str:
    """Give the whole page, built-in components only."""
    return "\n".join([HEAD, *_contents(catalog), *_sections(catalog)]).rstrip() + "\n"


def _built_in(catalog: Catalog, kind: ComponentKind) -> list[CatalogEntry]:
    return [entry for entry in catalog.of(kind) if entry.distribution == "leukokit"]


def _contents(catalog: Catalog) -> Iterator[str]:
    for kind in catalog.kinds:
        links = ", ".join(f"[`{entry.name}`](#{entry.name})" for entry in _built_in(catalog, kind))
        yield f"- {kind.title}: {links}"
    yield ""


def _sections(catalog: Catalog) -> Iterator[str]:
    for kind in catalog.kinds:
        yield f"## {kind.title}\n"
        for entry in _built_in(catalog, kind):
            yield from _component(entry)


def _component(entry: CatalogEntry) -> Iterator[str]:
    cls = entry.load()
    yield f"### {entry.name}\n"
    yield f"{inspect.getdoc(cls) or entry.spec.summary}\n"
    rows = rows_of(cls.Params)
    if not rows:
        yield "No parameters.\n"
        return
    yield "| parameter | type | default | bounds | description |\n| --- | --- | --- | --- | --- |"
    for row in rows:
        cells = (f"`{row.name}`", row.type, row.default, row.bounds, row.description)
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(discover()), encoding="utf-8")
