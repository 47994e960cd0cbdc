"""``leukokit data``: where data sets are, whether they are whole, and how to get them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from leukokit.api import Dataset

_variant = click.option("--variant", help="Variant, where the data set has several (all_pbs: segmented).")
_root = click.option("--root", type=click.Path(path_type=Path), help="Folder that holds the data set.")


@click.group("data")
def command() -> None:
    """Look at data sets, verify and fetch them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_datasets(as_json: bool) -> None:
    """List the data sets and whether each is on this machine."""
    import json

    from leukokit.api import Kind
    from leukokit.cli._installed import installed_catalog
    from leukokit.cli._terminal import safe

    rows = [_state(entry) for entry in installed_catalog().of(Kind.DATASET)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{safe(row['name']):<12} {row['state']:<8} {safe(row['text'])}")


@command.command("path")
@click.argument("name")
@_root
@_variant
def path(name: str, root: Path | None, variant: str | None) -> None:
    """Print the folder of a data set, or say where it was looked for."""
    from leukokit.errors import UsageError

    dataset = _present(name, root, variant)
    folder = getattr(dataset, "folder", None)
    if folder is None:
        raise UsageError(f"data set {name} lies in no folder of its own")
    click.echo(click.format_filename(folder))


@command.command("verify")
@click.argument("name")
@_root
@_variant
def verify(name: str, root: Path | None, variant: str | None) -> None:
    """Compare every file with its published sha256.

    Prints what is missing, changed or extra, one file a line; exit code 1 where there is any.
    """
    from leukokit.cli._terminal import safe
    from leukokit.errors import EXIT_FAILED, UsageError

    check = getattr(_present(name, root, variant), "verify", None)
    if check is None:
        raise UsageError(f"data set {name} has no published digests to compare with")
    differing = 0
    for finding in check():
        differing += 1
        click.echo(f"{finding.state}\t{safe(finding.file)}")
    text = f"{differing} files differ from the published ones" if differing else "every file is as published"
    click.echo(f"{name}: {text}", err=True)
    if differing:
        raise click.exceptions.Exit(EXIT_FAILED)


@command.command("get")
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), help="Folder that holds data sets.")
def get(name: str, to: Path | None) -> None:
    """Fetch a data set and put it where it is looked for (all_pbs, through kagglehub)."""
    from leukokit.errors import UsageError

    fetch = getattr(_dataset(name), "fetch", None)
    if fetch is None:
        raise UsageError(
            f"data set {name} cannot be fetched", hint="'leukokit data list' says how to get it by hand"
        )
    for folder in fetch(to):
        click.echo(click.format_filename(folder))
    click.echo(f"check it with: leukokit data verify {name}", err=True)


def _state(entry: Any) -> dict[str, str]:
    from pydantic import ValidationError

    from leukokit.engine.components.call import call_method
    from leukokit.errors import DataError, LeukokitError

    try:
        reason = call_method(entry.load().create(), "missing")
    except DataError as error:  # the user named a place, and it is not there
        reason = str(error)
    except LeukokitError as error:
        return {"name": entry.name, "state": "broken", "text": str(error)}
    except ValidationError:  # needs parameters: made of the user's own files
        return {"name": entry.name, "state": "yours", "text": entry.spec.summary}
    if reason is None:
        return {"name": entry.name, "state": "here", "text": entry.spec.summary}
    return {"name": entry.name, "state": "missing", "text": reason}


def _present(name: str, root: Path | None, variant: str | None) -> Dataset:
    from leukokit.engine.components.call import call_method
    from leukokit.errors import DataError

    dataset = _dataset(name, root=root, variant=variant)
    try:
        reason = call_method(dataset, "missing")
    except DataError as error:  # the user named a place, and it is not there
        reason = str(error)
    if reason is not None:
        raise DataError(reason, where=f"data set {name}")
    return dataset


def _dataset(name: str, **given: Any) -> Dataset:
    from pydantic import ValidationError

    from leukokit.api import Dataset, Kind
    from leukokit.cli._installed import installed_catalog
    from leukokit.errors import UsageError

    params = {key: value for key, value in given.items() if value is not None}
    try:
        dataset = installed_catalog().get(Kind.DATASET, name).load().create(**params)
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors()
        )
        raise UsageError(
            f"data set {name}: {mistakes}", hint=f"'leukokit show {name}' lists its parameters"
        ) from None
    assert isinstance(dataset, Dataset)
    return dataset
