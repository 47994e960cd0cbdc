"""``leukokit schema``: the JSON Schema of recipes."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of recipes, for editors.

    It covers the parameters of every installed component. With the YAML extension of VS Code, save it as
    recipe.schema.json and begin a recipe with

        # yaml-language-server: $schema=recipe.schema.json
    """
    import json

    from leukokit.catalog import discover
    from leukokit.recipe.schema import recipe_schema

    click.echo(json.dumps(recipe_schema(discover()), indent=2, ensure_ascii=False))
