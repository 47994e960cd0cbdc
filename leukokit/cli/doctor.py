"""``leukokit doctor``: what this machine has, and what is missing for what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leukokit.engine.doctor import Finding

_STYLES = {"ok": "green", "note": "yellow", "fail": "bold red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Examine this installation and machine.

    Every plugin and library is loaded once more, each in a process of its own. The exit code is 1 if
    something has to be done before runs work as they should.
    """
    import json

    from leukokit.cache_folder import default_cache
    from leukokit.cli._terminal import console
    from leukokit.engine.doctor import Level, examine

    with console(stderr=True).status("loading plugins and libraries, each in a process of its own"):
        findings = examine(default_cache())
    if as_json:
        click.echo(json.dumps([finding.plain() for finding in findings], indent=2))
    else:
        _print_table(findings)
    raise SystemExit(1 if any(finding.level is Level.FAIL for finding in findings) else 0)


def _print_table(findings: Sequence[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    from leukokit.cli._terminal import console, safe

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    area = ""
    for finding in findings:
        if area and finding.area != area:
            table.add_row()
        level = finding.level.value
        mark = Text("FAIL" if level == "fail" else level, style=_STYLES[level])
        text = Text(safe(finding.text))
        if finding.hint:
            text.append(f"\n-> {safe(finding.hint)}", style="cyan")
        table.add_row(finding.area if finding.area != area else "", mark, text)
        area = finding.area
    out = console()
    out.print(table)
    out.print()
    out.print(_sum(findings))


def _sum(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.level.value for finding in findings)
    fails, notes = counts["fail"], counts["note"]
    noted = f"; {notes} note{'s' if notes != 1 else ''} to read" if notes else ""
    if not fails:
        return f"All is well: runs can start{noted}."
    return f"{fails} thing{'s' if fails != 1 else ''} to put right{noted}."
