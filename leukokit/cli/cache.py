"""``leukokit cache``: look at the cache, trim or clear it."""

from __future__ import annotations

from pathlib import Path

import click

from leukokit.cli._sizes import Size, human_size
from leukokit.cli._work_options import cache_dir_option


@click.group("cache")
def command() -> None:
    """Look at the cache, trim or clear it."""


_cache_dir = cache_dir_option()


@command.command("list")
@_cache_dir
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_entries(cache_dir: Path | None, as_json: bool) -> None:
    """List what is kept, least recently used first."""
    import json

    from leukokit.cache_folder import default_cache
    from leukokit.engine.cache.store import Store

    root = cache_dir or default_cache()
    entries = Store(root).entries()
    if as_json:
        facts = [
            {"key": e.key, "kind": e.kind, "title": e.title, "items": e.items, "bytes": e.bytes}
            for e in entries
        ]
        click.echo(json.dumps({"path": str(root), "entries": facts}, indent=2))
        return
    for entry in entries:
        size = human_size(entry.bytes)
        click.echo(f"{size:>10}  {entry.items:>7}  {entry.kind:<6}  {entry.key[:8]}  {entry.title}")
    total = sum(entry.bytes for entry in entries)
    click.echo(f"{human_size(total)} in {len(entries)} entries under {root}", err=True)


@command.command("prune")
@_cache_dir
@click.option("--max-size", type=Size(), default="20G", show_default=True, help="Keep at most this much.")
def prune(cache_dir: Path | None, max_size: int) -> None:
    """Remove the least recently used entries beyond a size."""
    from leukokit.cache_folder import default_cache
    from leukokit.engine.cache.store import Store

    removed = Store(cache_dir or default_cache()).prune(max_size)
    click.echo(f"removed {len(removed)} entries, {human_size(sum(entry.bytes for entry in removed))}")


@command.command("clear")
@_cache_dir
def clear(cache_dir: Path | None) -> None:
    """Remove everything."""
    from leukokit.cache_folder import default_cache
    from leukokit.engine.cache.store import Store

    removed = Store(cache_dir or default_cache()).prune(0)
    click.echo(f"removed {len(removed)} entries, {human_size(sum(entry.bytes for entry in removed))}")


@command.command("path")
def path() -> None:
    """Print the cache folder."""
    from leukokit.cache_folder import default_cache

    click.echo(default_cache())
