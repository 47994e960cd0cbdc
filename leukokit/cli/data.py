"""``leukokit data``: where data sets are, whether they are whole, and how to get them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from leukokit.api import Dataset


@click.group("data")
def command() -> None:
    """Look at data sets, verify and fetch them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_datasets(as_json: bool) -> None:
    """List the data sets and whether each is on this machine."""
    import json

    from leukokit.api import Dataset, Kind
    from leukokit.catalog import discover
    from leukokit.errors import CatalogError

    rows = []
    for entry in discover().of(Kind.DATASET):
        try:
            dataset = entry.load().create()
        except CatalogError as error:
            rows.append({"name": entry.name, "state": "broken", "text": str(error)})
            continue
        except ValueError:
            rows.append({"name": entry.name, "state": "yours", "text": entry.spec.summary})
            continue
        assert isinstance(dataset, Dataset)
        reason = dataset.missing()
        text = entry.spec.summary if reason is None else reason
        rows.append({"name": entry.name, "state": "here" if reason is None else "missing", "text": text})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['name']:<12} {row['state']:<8} {row['text']}")


@command.command("verify")
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path), help="Folder that holds the data set.")
@click.option("--variant", type=click.Choice(["original", "segmented"]), help="Variant of all_pbs.")
def verify(name: str, root: Path | None, variant: str | None) -> None:
    """Compare every file with its published sha256."""
    from leukokit.errors import DataError, UsageError

    dataset = _dataset(name, root, variant)
    check = getattr(dataset, "verify", None)
    if check is None:
        raise UsageError(f"data set {name} has no published digests to compare with")
    reason = dataset.missing()
    if reason is not None:
        raise DataError(reason, where=f"data set {name}")
    found = 0
    for finding in check():
        found += 1
        click.echo(f"{finding.state:<10} {finding.file}")
    folder = getattr(dataset, "folder", None)
    click.echo(
        f"{name}: {f'{found} differences' if found else 'every file is as published'} ({folder})", err=True
    )
    raise SystemExit(1 if found else 0)


@command.command("get")
@click.argument("name")
def get(name: str) -> None:
    """Fetch a data set (all_pbs, through kagglehub)."""
    from leukokit.errors import LeukokitError, UsageError

    if name != "all_pbs":
        raise UsageError(f"{name} cannot be fetched", hint="Only all_pbs can: leukokit data get all_pbs")
    try:
        import kagglehub
    except ImportError:
        raise UsageError(
            "fetching needs kagglehub, not installed here",
            hint="Install with: pip install 'leukokit[data]'; or download "
            "kaggle.com/datasets/mehradaria/leukemia by hand and name the folder in LEUKOKIT_DATA",
        ) from None
    try:
        folder = kagglehub.dataset_download("mehradaria/leukemia")
    except Exception as error:  # network, permission, or a change on their side: all end the same way here
        raise LeukokitError(
            f"the data set cannot be fetched: {type(error).__name__}: {error}",
            hint="Check the network, or download kaggle.com/datasets/mehradaria/leukemia by hand",
        ) from error
    click.echo(folder)
    click.echo(
        "Use it with --set data.params.root=PATH, and check it with: leukokit data verify all_pbs", err=True
    )


def _dataset(name: str, root: Path | None, variant: str | None) -> Dataset:
    from leukokit.api import Dataset, Kind
    from leukokit.catalog import discover

    given: dict[str, Any] = {"root": root, "variant": variant}
    params = {key: value for key, value in given.items() if value is not None}
    dataset = discover().get(Kind.DATASET, name).load().create(**params)
    assert isinstance(dataset, Dataset)
    return dataset
