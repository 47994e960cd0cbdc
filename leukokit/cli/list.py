"""``leukokit list``: what is installed. Imports no component, so it is fast however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from leukokit.catalog.kinds import KINDS

if TYPE_CHECKING:
    from leukokit.catalog import Catalog, CatalogEntry


@click.command("list")
@click.argument("kind", type=click.Choice([kind.name for kind in KINDS]), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(kind: str | None, as_json: bool) -> None:
    """List the installed components."""
    import sys

    from leukokit.cli._installed import installed_catalog

    catalog = installed_catalog()
    entries = [entry for one in catalog.kinds if kind in (None, one.name) for entry in catalog.of(one)]
    if as_json:
        import json

        click.echo(json.dumps(_as_data(catalog, entries), indent=2))
    elif sys.stdout.isatty():
        _print_table(entries)
    else:
        from leukokit.cli._terminal import safe

        for entry in entries:
            click.echo("\t".join([entry.kind.name, entry.name, safe(entry.origin), safe(entry.spec.summary)]))
    _warn(catalog)


def _as_data(catalog: Catalog, entries: list[CatalogEntry]) -> dict[str, Any]:
    return {
        "components": [
            {
                "kind": entry.kind.name,
                "name": entry.name,
                "summary": entry.spec.summary,
                "target": entry.spec.target,
                "distribution": entry.distribution,
                "version": entry.version,
            }
            for entry in entries
        ],
        "conflicts": [
            {"kind": conflict.kind.name, "name": conflict.name, "distributions": list(conflict.origins)}
            for conflict in catalog.conflicts
        ],
        "broken": [
            {"name": plugin.name, "distribution": plugin.distribution, "reason": plugin.reason}
            for plugin in catalog.broken
        ],
    }


def _print_table(entries: list[CatalogEntry]) -> None:
    from itertools import groupby

    from rich.table import Table
    from rich.text import Text

    from leukokit.cli._terminal import console, safe

    out = console()
    width = max((len(entry.name) for entry in entries), default=0)
    for i, (kind, group) in enumerate(groupby(entries, key=lambda entry: entry.kind)):
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
        table.add_column(style="cyan", no_wrap=True, min_width=width)
        table.add_column()
        for entry in group:
            origin = "" if entry.distribution == "leukokit" else f"  ({safe(entry.origin)})"
            table.add_row(Text(entry.name), Text.assemble(safe(entry.spec.summary), (origin, "dim")))
        if i:
            out.print()
        out.print(Text(kind.words, style="bold"))
        out.print(table)


def _warn(catalog: Catalog) -> None:
    from leukokit.cli._terminal import print_warning, safe

    if catalog.switched_off:
        names = sorted({plugin.distribution for plugin in catalog.switched_off})
        click.echo(f"plugins switched off: {safe(', '.join(names))}", err=True)
    for conflict in catalog.conflicts:
        print_warning(f"{conflict}; uninstall all but one of them")
    for plugin in catalog.broken:
        print_warning(f"plugin {plugin.name} of {plugin.distribution} {plugin.state}")
