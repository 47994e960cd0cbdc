"""``leukokit audit``: what a reader should know of a data set before trusting a score on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leukokit.cli._work_options import cache_dir_option, no_cache_option, workers_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leukokit.catalog import Catalog
    from leukokit.recipe.source import RecipeSource


@click.command("audit")
@click.argument("data", metavar="DATA|RECIPE")
@click.argument("other", metavar="[OTHER]", required=False)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value of DATA, as in a recipe."
)
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a CSV with the group of each image: duplicates and overlapping views joined.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the audit as one HTML file with pictures.",
)
@click.option("--strict", is_flag=True, help="Exit code 1 where a finding is a failure.")
@workers_option("finding")
@cache_dir_option()
@no_cache_option
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but warnings and errors.")
def command(
    data: str,
    other: str | None,
    overrides: tuple[str, ...],
    groups: Path | None,
    html: Path | None,
    strict: bool,
    workers: int | None,
    cache_dir: Path | None,
    no_cache: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit a data set: duplicates, stain, scale bars, files.

    DATA is a folder with one folder a class, a table of images (.csv, .tsv, .txt, .xlsx), the name of a data
    set, or a recipe (.yaml, .yml, .json), whose split, segmentation and limits then count. Nothing is trained
    but small probes: what they reach without looking at cells, a model may reach too.

    With OTHER, a second data set, the audit says whether its images are like those of DATA: stain, scale,
    sharpness and content.
    """
    import json

    from leukokit.audit.findings import AuditLevel
    from leukokit.audit.run import AuditOptions, audit_data, audit_pictures
    from leukokit.audit.site_comparison import compare_sites
    from leukokit.cache_folder import AUTO_CACHE
    from leukokit.cli._audit import print_audit
    from leukokit.cli._installed import installed_catalog
    from leukokit.cli._progress import observed
    from leukokit.engine.rehearsal import rehearse
    from leukokit.errors import EXIT_FAILED, UsageError
    from leukokit.recipe import load_recipe_text
    from leukokit.workflow import RunSettings, open_executor

    if other is not None and groups is not None:
        raise UsageError(
            "--groups takes one data set",
            hint="audit each data set by itself to get the groups of its images",
        )
    settings = RunSettings(cache=None if no_cache else (cache_dir or AUTO_CACHE), workers=workers)
    catalog = installed_catalog(settings.cache_folder)
    with open_executor(settings) as executor, observed(quiet=quiet) as observer:
        recipes = []
        for name, changes in ((data, overrides), *([(other, ())] if other is not None else [])):
            source = _source(name, catalog)
            rehearse(source.text, catalog, overrides=changes, executor=executor, observer=observer)
            recipes.append(
                load_recipe_text(
                    source.text, catalog, source=source.name, path=source.path, overrides=changes
                )
            )
        recipe = recipes[0]
        options = AuditOptions(settings.cache_folder, executor, catalog.notes)
        audit = (
            audit_data(recipe, options, observer)
            if other is None
            else compare_sites(recipe, recipes[1], options, observer)
        )
    if groups is not None:
        _write_groups(groups, audit.groups)
        if not quiet:
            click.echo(f"groups: {click.format_filename(groups)}", err=True)
    name = recipe.name if recipe.path is not None else data
    if other is not None:
        name = f"{other} (B), compared with {name} (A)"
    if html is not None:
        from leukokit.report.audit_page import write_audit_page

        write_audit_page(html, audit.record(), audit_pictures(audit, options.cache), title=name)
        if not quiet:
            click.echo(f"page: {click.format_filename(html)}", err=True)
    if as_json:
        click.echo(json.dumps(audit.record().plain(), indent=2, sort_keys=True))
    else:
        print_audit(audit, name=name)
    if strict and audit.level is AuditLevel.FAIL:
        raise click.exceptions.Exit(EXIT_FAILED)


def _source(data: str, catalog: Catalog) -> RecipeSource:
    """Read a recipe file, or make a recipe of nothing but the data set."""
    import json

    from leukokit.errors import UsageError
    from leukokit.recipe.data_choice import RECIPES, data_section
    from leukokit.recipe.source import RecipeSource

    if Path(data).suffix.lower() in RECIPES:
        return RecipeSource.read(data)
    try:
        section = data_section(data, catalog)
    except UsageError as error:
        raise UsageError(error.what, hint=f"{error.hint}, or a recipe ({', '.join(RECIPES)})") from None
    text = json.dumps({"leukokit": 1, "name": "audit", "data": section})
    return RecipeSource(text.encode("utf-8", "surrogatepass"), data)


def _write_groups(path: Path, groups: Mapping[str, str]) -> None:
    """Write a CSV that a recipe's ``data.groups`` takes."""
    import csv
    import io

    from leukokit.engine.io.files import write_bytes
    from leukokit.ids import utf8

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "group"])
    writer.writerows(groups.items())
    write_bytes(path, utf8(text.getvalue()))
