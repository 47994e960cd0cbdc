"""``leukokit new``: a recipe for the user's images, by questions or from what is found."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("new")
def command() -> None:
    """Write a new recipe for your images."""


@command.command("recipe")
@click.argument("path", required=False)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take what is found, and the fast way.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write; default: NAME.yaml, named after the folder.",
)
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
def recipe(path: str | None, yes: bool, out: Path | None, force: bool) -> None:
    """Write a recipe for your images, by answering questions.

    PATH is a folder of images (of classes, of train and test, of patients) or a table (CSV) of them. What it
    was taken for is shown, and asked where it is unsure. The recipe is written with comments; it is checked
    before, and never replaces a file without --force.
    """
    import sys

    from leukokit.cli._installed import installed_catalog
    from leukokit.cli._new_recipe import Asked, Taken, new_recipe
    from leukokit.errors import UsageError

    if yes and path is None:
        raise UsageError("--yes needs PATH, the folder or table of the images")
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask questions on", hint="Give PATH and --yes to take what is found"
        )
    written = new_recipe(path, installed_catalog(), Taken() if yes else Asked(), out=out, force=force)
    click.echo(click.format_filename(written))
    click.echo(f"check it: leukokit check {click.format_filename(written)}", err=True)
    click.echo(f"run it:   leukokit run {click.format_filename(written)}", err=True)
