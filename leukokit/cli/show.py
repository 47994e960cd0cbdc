"""``leukokit show``: one component and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from leukokit.api import Component
    from leukokit.catalog import Catalog, CatalogEntry


@click.command("show")
@click.argument("component")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the JSON Schema of the parameters.")
def command(component: str, as_json: bool) -> None:
    """Show a component: what it does and its parameters.

    COMPONENT is a name, such as median, or KIND/NAME, such as preprocessor/median.
    """
    from leukokit.cli._installed import installed_catalog

    entry = _find(installed_catalog(), component)
    if entry.distribution != "leukokit":  # leukokit's own need no other process, and no imports for one
        from leukokit.engine.execution.processes import ProcessExecutor
        from leukokit.engine.observer import Observer
        from leukokit.engine.rehearsal import rehearse_component

        rehearse_component(entry, ProcessExecutor(1), Observer())
    cls = entry.load()
    if as_json:
        import json

        click.echo(json.dumps(_as_data(entry, cls), indent=2, ensure_ascii=False))
    else:
        _print(entry, cls)


def _find(catalog: Catalog, name: str) -> CatalogEntry:
    from leukokit.errors import CatalogError
    from leukokit.near_names import did_you_mean

    first, _, rest = name.partition("/")
    if rest and catalog.kinds.named(first) is not None:
        return catalog.get(first, rest)
    entries = catalog.find(name)
    if len(entries) == 1:
        return entries[0]
    if entries:
        ways = " or ".join(f"{entry.kind}/{name}" for entry in entries)
        raise CatalogError(f"there are {len(entries)} components named {name!r}", hint=f"Say {ways}")
    for conflict in catalog.conflicts:
        if conflict.name == name:
            catalog.get(conflict.kind, name)  # raises, naming both
    unused = catalog.unused_plugin(name)
    if unused is not None:
        raise CatalogError(f"plugin {unused.name} of {unused.distribution} {unused.state}", hint=unused.hint)
    names = [entry.name for kind in catalog.kinds for entry in catalog.of(kind)]
    raise CatalogError(
        f"there is no component named {name!r}{did_you_mean(name, names)}", hint="See: leukokit list"
    )


def _as_data(entry: CatalogEntry, cls: type[Component]) -> dict[str, Any]:
    import inspect

    return {
        "kind": entry.kind.name,
        "name": entry.name,
        "summary": entry.spec.summary,
        "description": inspect.getdoc(cls) or "",
        "target": entry.spec.target,
        "distribution": entry.distribution,
        "version": entry.version,
        "revision": cls.revision,
        "stochastic": cls.stochastic,
        "uses_scale": cls.uses_scale,
        "params": cls.Params.model_json_schema(),
    }


def _print(entry: CatalogEntry, cls: type[Component]) -> None:
    import inspect

    from rich.table import Table
    from rich.text import Text

    from leukokit.cli._describe import rows_of
    from leukokit.cli._terminal import console, safe

    out = console()
    out.print(Text.assemble((entry.name, "bold cyan"), f"  {entry.kind.words}, from {safe(entry.origin)}"))
    out.print(Text(safe(entry.spec.summary)))
    text = safe(inspect.getdoc(cls) or "").strip()
    if text and text != entry.spec.summary:
        out.print()
        out.print(Text(_reflowed(text)))
    if cls.uses_scale:
        out.print(Text("Uses the scale of the image: see data.scale in a recipe."))
    out.print()
    rows = rows_of(cls.Params)
    if not rows:
        out.print(Text("No parameters."))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("parameter", style="cyan", no_wrap=True)
    table.add_column("type", max_width=24)
    table.add_column("default", max_width=20, overflow="fold")
    table.add_column("bounds", max_width=16)
    table.add_column("description", min_width=24)
    for row in rows:
        cells = (row.name, row.type, row.default, row.bounds, row.description)
        table.add_row(*(Text(safe(cell)) for cell in cells))
    out.print(table)


def _reflowed(text: str) -> str:
    """Join the lines of each paragraph, so that it wraps at the terminal's width and not at the source's."""
    blocks = []
    for block in text.split("\n\n"):
        head, lines = "", block.split("\n")
        if len(lines) > 1 and set(lines[1]) == {"-"}:  # the heading of a section
            head, lines = f"{lines[0]}\n{lines[1]}\n", lines[2:]
        plain = all(line[:1].isalnum() or line[:1] in "`'\"(" for line in lines)
        blocks.append(head + (" " if plain else "\n").join(lines))
    return "\n\n".join(blocks)
