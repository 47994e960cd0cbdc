"""``leukokit runs``: the run directories under a folder, and what killed runs have left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leukokit.cli._sizes import human_size

if TYPE_CHECKING:
    from leukokit.engine.run_folders import RunFolder

_root = click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))


@click.group("runs")
def command() -> None:
    """List run directories, and remove those of runs that did not end."""


@command.command("list")
@_root
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_runs(folder: Path, as_json: bool) -> None:
    """List the runs under FOLDER: finished, running, failed or killed.

    FOLDER is that of --out of 'leukokit run' (default: runs), or a folder in it.
    """
    found = _runs(folder)
    if as_json:
        import json

        facts = [
            {
                "path": str(run.path),
                "state": run.state.value,
                "started": run.started or None,
                "bytes": run.bytes,
                "detail": run.detail or None,
            }
            for run in found
        ]
        click.echo(json.dumps(facts, indent=2))
        return
    _print(found)
    click.echo(f"{len(found)} {_word(len(found))} under {folder}", err=True)


@command.command("clean")
@_root
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(folder: Path, yes: bool) -> None:
    """Remove the folders of failed and killed runs under FOLDER, after asking.

    Finished and running runs are never touched. What a run had in the cache stays there.
    """
    from leukokit.engine.run_folders import UNFINISHED, remove

    found = [run for run in _runs(folder) if run.state in UNFINISHED]
    if not found:
        click.echo(f"nothing to remove: every run under {folder} is finished or at work", err=True)
        return
    _print(found)
    size = human_size(sum(run.bytes for run in found))
    if not yes:
        click.confirm(f"Remove {len(found)} {_word(len(found))}, {size}?", abort=True, err=True)
    for run in found:
        remove(run)
    click.echo(f"removed {len(found)} {_word(len(found))}, {size}")


def _runs(folder: Path) -> list[RunFolder]:
    from leukokit.engine.run_folders import run_folders
    from leukokit.errors import UsageError

    if not folder.is_dir():
        raise UsageError(
            "there is no such folder", where=str(folder), hint="Name the folder that --out of 'run' had"
        )
    return run_folders(folder)


def _print(found: Sequence[RunFolder]) -> None:
    """One line a run: state, size, time, path; on stdout, for other programs to read."""
    from leukokit.cli._terminal import safe

    for run in found:
        line = f"{run.state:<8}  {human_size(run.bytes):>10}  {run.started[:19]:<19}  {safe(run.path)}"
        click.echo(f"{line}  ({safe(run.detail)})" if run.detail else line)


def _word(count: int) -> str:
    return "run" if count == 1 else "runs"
