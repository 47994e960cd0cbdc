"""``leukokit schema``: the JSON Schema of recipes and of run directories."""

from __future__ import annotations

import click


@click.command("schema")
@click.argument("what", type=click.Choice(["recipe", "run"]), default="recipe")
def command(what: str) -> None:
    """Print the JSON Schema of recipes or of run directories.

    That of recipes covers the parameters of every installed component. With the YAML extension of VS Code,
    save it as recipe.schema.json and begin a recipe with

        # yaml-language-server: $schema=recipe.schema.json

    That of run directories, 'leukokit schema run', has a property for each JSON file that a run leaves.
    """
    import json

    click.echo(json.dumps(_recipe() if what == "recipe" else _run(), indent=2, ensure_ascii=False))


def _recipe() -> dict[str, object]:
    from leukokit.cli._installed import installed_catalog
    from leukokit.recipe.schema import recipe_schema

    return recipe_schema(installed_catalog())


def _run() -> dict[str, object]:
    from leukokit.record.schema import run_schema

    return run_schema()
