"""``leukokit report``: the report of a finished run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page to this file, and nothing in the run directory.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers of the report instead.")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
def command(run: Path, out: Path | None, as_json: bool, show: bool) -> None:
    """Make the report of a finished run again.

    RUN is a run directory. Every figure in its folder figures is drawn again, then report.html, both from the
    files of the directory alone; the images need not be on this machine.
    """
    from leukokit.engine.finished_run import FinishedRun

    if as_json and (out is not None or show):
        raise click.UsageError("--json prints numbers and writes no page: leave out --out and --open.")
    finished = FinishedRun.read(run)
    if as_json:
        import json

        from leukokit.report.html import numbers

        click.echo(json.dumps(numbers(finished), indent=2, sort_keys=True))
        return
    from leukokit.cli._terminal import safe
    from leukokit.engine.io.files import write_bytes
    from leukokit.report.run_report import REPORT, redraw_figures, report_bytes

    if out is None:
        for note in redraw_figures(finished):
            click.echo(safe(note), err=True)
    path = out or run / REPORT
    write_bytes(path, report_bytes(finished))
    click.echo(safe(path))
    if show:
        click.launch(path.resolve().as_uri())
