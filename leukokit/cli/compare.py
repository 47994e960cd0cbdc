"""``leukokit compare``: finished runs beside each other."""

from __future__ import annotations

from pathlib import Path

import click


def _limit(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """Give the number of rows; None for ``all``."""
    if value == "all":
        return None
    if not value.isdecimal():
        raise click.BadParameter(f"{value!r} is neither 'all' nor a number of 0 or more", ctx, param)
    return int(value)


@click.command("compare")
@click.argument("runs", nargs=-1, metavar="RUN RUN...", type=click.Path(path_type=Path))
@click.option(
    "--part",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Images that are compared on.",
)
@click.option(
    "--common", is_flag=True, help="Where test images differ, compare on those that all runs tested."
)
@click.option("--by-id", is_flag=True, help="Same id, same image, though the bytes differ.")
@click.option("--all-pairs", is_flag=True, help="Every run with every other, not with the first alone.")
@click.option(
    "--changed",
    metavar="all|N",
    callback=_limit,
    default="20",
    show_default=True,
    help="Changed images that are listed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    runs: tuple[Path, ...],
    part: str,
    common: bool,
    by_id: bool,
    all_pairs: bool,
    changed: int | None,
    as_json: bool,
) -> None:
    """Compare finished runs on the same test images.

    RUN is a run directory; the first is the baseline. Differences carry 95 % intervals, tests are adjusted by
    Holm. Runs that tested different images are refused, unless --common is given.
    """
    from leukokit.cli._compare_text import print_comparison
    from leukokit.cli._terminal import print_warning
    from leukokit.compare import compare
    from leukokit.engine.finished_run import FinishedRun

    comparison = compare(
        [FinishedRun.read(run) for run in runs],
        part=part,
        common=common,
        by_id=by_id,
        all_pairs=all_pairs,
    )
    if as_json:
        import json

        click.echo(json.dumps(comparison.record().plain(), indent=2, sort_keys=True, allow_nan=False))
        return
    for note in comparison.notes:
        print_warning(note)
    print_comparison(comparison, limit=changed)
