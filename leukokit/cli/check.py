"""``leukokit check``: find what is wrong with a recipe and its data before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leukokit.cli._data_option import data_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leukokit.api import Component
    from leukokit.engine.precheck import RecipeExamination
    from leukokit.recipe import Bound, Recipe


@click.command("check")
@click.argument("recipe", type=click.Path(path_type=Path))
@data_option
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe.")
@click.option("--no-data", is_flag=True, help="Look at the recipe alone, not at its images.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of all runs, whose disk is looked at.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes of the run; default: one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print recipe and findings.")
def command(
    recipe: Path,
    data: str | None,
    overrides: tuple[str, ...],
    no_data: bool,
    out: Path,
    workers: int | None,
    as_json: bool,
) -> None:
    """Check a recipe and its data without running it.

    Every mistake of the recipe is printed with its file, line and column. Then all that would end or spoil a
    run is looked for, without decoding a picture: data, classes and groups that are too small, weights, sizes
    of images, memory and disk. The exit code is 2 where a run could not end well.
    """
    import json

    import joblib

    from leukokit.cache_folder import default_cache
    from leukokit.cli._installed import installed_catalog
    from leukokit.engine.execution.processes import ProcessExecutor
    from leukokit.engine.observer import Observer
    from leukokit.engine.precheck import examine_recipe
    from leukokit.engine.rehearsal import rehearse
    from leukokit.errors import EXIT_USAGE, RecipeError
    from leukokit.recipe import load_recipe_text
    from leukokit.recipe.source import RecipeSource

    executor, observer = ProcessExecutor(1), Observer()
    try:
        catalog = installed_catalog()
        source = RecipeSource.read(recipe)
        rehearse(source.text, catalog, overrides=overrides, data=data, executor=executor, observer=observer)
        loaded = load_recipe_text(
            source.text, catalog, source=source.name, path=source.path, overrides=overrides, data=data
        )
    except RecipeError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": _problems(error)}, indent=2))
        raise
    found = examine_recipe(
        loaded,
        out=out,
        cache=default_cache(),
        workers=workers or joblib.cpu_count(),
        executor=executor,
        data=not no_data,
    )
    if as_json:
        facts = {
            "ok": found.can_run,
            "recipe": loaded.resolved(),
            "images": found.images,
            "findings": [finding.plain() for finding in found.findings],
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print(recipe, loaded, found)
    if not found.can_run:
        raise click.exceptions.Exit(EXIT_USAGE)


def _print(path: Path, recipe: Recipe, found: RecipeExamination) -> None:
    """Print what will run on stdout, and what is wrong on stderr."""
    from leukokit.cli._terminal import print_error, print_warning, safe
    from leukokit.engine.doctor.finding import Level

    fails = sum(finding.level is Level.FAIL for finding in found.findings)
    verdict = f"{fails} thing{'s' if fails != 1 else ''} to put right first" if fails else "ok"
    click.echo(f"{safe(path)}: {verdict}")
    counted = [("images" if i == 0 else "", line) for i, line in enumerate(_counted(found.images))]
    for stage, text in [*_summary(recipe), *counted]:
        click.echo(f"  {stage:<11}{safe(text)}".rstrip())
    for finding in found.findings:
        text = f"{finding.text}. {finding.hint}" if finding.hint else finding.text
        (print_error if finding.level is Level.FAIL else print_warning)(text)


def _counted(images: Mapping[str, Mapping[str, int]]) -> list[str]:
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
    scale = [] if model.unit.default else [("unit", str(model.unit))]
    scale += [("scale", str(model.data.scale))] if asks_for_scale(recipe) else []
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
