"""``leukokit check``: find every mistake of a recipe before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leukokit.cli._data_option import data_option

if TYPE_CHECKING:
    from leukokit.api import Component
    from leukokit.recipe import Bound, Recipe


@click.command("check")
@click.argument("recipe", type=click.Path(path_type=Path))
@data_option
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe.")
@click.option("--no-data", is_flag=True, help="Look at the recipe alone, not at its images.")
@click.option("--json", "as_json", is_flag=True, help="Print the recipe with every default, or its mistakes.")
def command(recipe: Path, data: str | None, overrides: tuple[str, ...], no_data: bool, as_json: bool) -> None:
    """Check a recipe without running it.

    Every mistake is printed with its file, line and column; the exit code is 2 where there is one. Then the
    data set is opened and split as a run would, so that a class that is empty or too small shows now.
    """
    import json

    from leukokit.cli._installed import installed_catalog
    from leukokit.cli._terminal import safe
    from leukokit.errors import RecipeError
    from leukokit.recipe import load_recipe

    try:
        catalog = installed_catalog()
        loaded = load_recipe(recipe, catalog, overrides=overrides, data=data)
    except RecipeError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": _problems(error)}, indent=2))
        raise
    images: dict[str, dict[str, int]] = {} if no_data else _images(loaded)
    if as_json:
        data = {"ok": True, "recipe": loaded.resolved(), "images": images}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    click.echo(f"{safe(recipe)}: ok")
    for stage, text in [
        *_summary(loaded),
        *(("images" if i == 0 else "", line) for i, line in enumerate(_counted(images))),
    ]:
        click.echo(f"  {stage:<11}{safe(text)}".rstrip())


def _images(recipe: Recipe) -> dict[str, dict[str, int]]:
    """Count images by part (or fold and part) and class, as a run would find them."""
    from collections import Counter

    from leukokit.cli._terminal import print_warning
    from leukokit.engine.data import open_data
    from leukokit.engine.execution.inline import InlineExecutor
    from leukokit.engine.observer import Observer
    from leukokit.engine.protocols import divide

    class Warn(Observer):
        def warn(self, text: str) -> None:
            print_warning(text)

    for note in recipe.notes:
        print_warning(note)
    data = open_data(recipe, executor=InlineExecutor(), observer=Warn())
    labels = {item.sample.id: item.sample.label or "(no label)" for item in data.items}
    counts = {"all": dict(Counter(labels.values()))}
    model = recipe.model
    if recipe.classify is not None or model.split is not None or model.evaluate:
        for division in divide(recipe, data, Warn()):
            for fold in division.folds:
                for part in dict.fromkeys(fold.parts.values()):
                    place = [division.name, fold.name if len(division.folds) > 1 else "", str(part)]
                    name = " ".join(word for word in place if word)
                    counts[name] = dict(
                        Counter(labels[id_] for id_, one in fold.parts.items() if one == part)
                    )
    return counts


def _counted(images: dict[str, dict[str, int]]) -> list[str]:
    return [
        f"{part}: {sum(classes.values())} ({', '.join(f'{name} {count}' for name, count in classes.items())})"
        for part, classes in images.items()
    ]


def _problems(error: Any) -> list[dict[str, Any]]:
    import dataclasses

    return [dataclasses.asdict(problem) for problem in error.problems]


def _summary(recipe: Recipe) -> list[tuple[str, str]]:
    """Key and value of each line; the key is left out where it is that of the line before."""
    after = {"data": _samples(recipe), "classify": _search(recipe)}
    lines: list[tuple[str, str]] = []
    for stage, components in recipe.bound.items():
        lines += [
            (stage, _features(bound) if stage == "features" else _component(bound)) for bound in components
        ]
        lines += after.get(stage, [])
    lines.append(("seed", str(recipe.seed)))
    return [
        (stage if i == 0 or lines[i - 1][0] != stage else "", text) for i, (stage, text) in enumerate(lines)
    ]


def _samples(recipe: Recipe) -> list[tuple[str, str]]:
    from leukokit.engine.protocols import describe
    from leukokit.engine.scale.find import asks_for_scale

    model = recipe.model
    scale = [("scale", str(model.data.scale))] if asks_for_scale(recipe) else []
    if model.evaluate:
        return [*scale, *(("evaluate", f"{one.name}: {describe(one.split)}") for one in model.evaluate)]
    split = "the data set's default" if model.split is None else _values(model.split.model_dump(mode="json"))
    return [*scale, ("split", split)]


def _search(recipe: Recipe) -> list[tuple[str, str]]:
    tune = recipe.model.tune
    if tune is None:
        return []
    count = len(recipe.grid_points())
    grid = ", ".join(f"{key} in {values}" for key, values in tune.grid.items())
    words = "combination" if count == 1 else "combinations"
    return [("tune", f"{grid}: {count} {words} x {tune.cv} folds, by {tune.scoring}")]


def _component(bound: Bound[Component]) -> str:
    """Name, and the parameters that differ from their defaults."""
    given = {
        name: bound.params[name] for name in bound.params if name in bound.component.params.model_fields_set
    }
    return f"{bound.use} ({_values(given)})" if given else bound.use


def _features(bound: Bound[Any]) -> str:
    from leukokit.engine.components.call import call_method

    count = len(call_method(bound.component, "names"))
    return f"{_component(bound)}: {count} column{'s' if count != 1 else ''}"


def _values(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)
