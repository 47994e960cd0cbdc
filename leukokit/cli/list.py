"""``leukokit list``: what is installed. Imports no component, so it is fast however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from leukokit.api import Kind

if TYPE_CHECKING:
    from leukokit.catalog import Catalog, Entry


@click.command("list")
@click.argument("kind", type=click.Choice([str(kind) for kind in Kind]), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(kind: str | None, as_json: bool) -> None:
    """List the installed components."""
    import sys

    from leukokit.catalog import discover

    catalog = discover()
    kinds = tuple(Kind) if kind is None else (Kind(kind),)
    entries = [entry for one in kinds for entry in catalog.of(one)]
    if as_json:
        import json

        click.echo(json.dumps(_as_data(catalog, entries), indent=2))
    elif sys.stdout.isatty():
        _print_table(entries)
    else:
        from leukokit.cli._terminal import safe

        for entry in entries:
            click.echo("\t".join([entry.kind, entry.name, safe(entry.origin), safe(entry.spec.summary)]))
    _warn(catalog)


def _as_data(catalog: Catalog, entries: list[Entry]) -> dict[str, Any]:
    return {
        "components": [
            {
                "kind": str(entry.kind),
                "name": entry.name,
                "summary": entry.spec.summary,
                "target": entry.spec.target,
                "distribution": entry.distribution,
                "version": entry.version,
            }
            for entry in entries
        ],
        "conflicts": [
            {"kind": str(conflict.kind), "name": conflict.name, "distributions": list(conflict.origins)}
            for conflict in catalog.conflicts
        ],
        "broken": [
            {"name": plugin.name, "distribution": plugin.distribution, "reason": plugin.reason}
            for plugin in catalog.broken
        ],
    }


def _print_table(entries: list[Entry]) -> None:
    from rich.table import Table
    from rich.text import Text

    from leukokit.cli._terminal import console, safe

    built_in = all(entry.distribution == "leukokit" for entry in entries)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("kind", style="dim", no_wrap=True)
    table.add_column("name", style="cyan", no_wrap=True)
    table.add_column("what it does")
    if not built_in:
        table.add_column("from", style="dim")
    for i, entry in enumerate(entries):
        first = i == 0 or entries[i - 1].kind != entry.kind
        last = i + 1 == len(entries) or entries[i + 1].kind != entry.kind
        origin = [] if built_in else [Text(safe(entry.origin))]
        words = str(entry.kind).replace("_", " ") if first else ""
        table.add_row(Text(words), Text(entry.name), Text(safe(entry.spec.summary)), *origin)
        if last and i + 1 < len(entries):
            table.add_row()
    console().print(table)


def _warn(catalog: Catalog) -> None:
    from leukokit.cli._terminal import print_warning

    for conflict in catalog.conflicts:
        print_warning(f"{conflict}; uninstall all but one of them")
    for plugin in catalog.broken:
        print_warning(f"plugin {plugin.name} of {plugin.distribution} is broken: {plugin.reason}")
