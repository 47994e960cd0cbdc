"""Data sets: which are on this machine, and whether ``LEUKOKIT_DATA`` names a folder that holds any."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from leukokit.api import Dataset, Kind
from leukokit.catalog import Catalog
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.errors import CatalogError, DataError

_HINT = "Set it to the folder that holds all-pbs, or unset it"


def examine_data(catalog: Catalog) -> Iterator[Finding]:
    """Look for the data sets that are built in."""
    states: dict[str, str | None] = {}
    kept: dict[str, str | None] = {}
    for entry in catalog.of(Kind.DATASET):
        if entry.distribution != "leukokit":
            continue  # loading it would run code of a plugin in this process
        try:
            dataset = entry.load().create()
        except (CatalogError, ValueError):
            continue  # needs parameters, such as a folder: nothing to look for
        assert isinstance(dataset, Dataset)
        try:
            states[entry.name] = dataset.missing()
        except DataError as error:  # LEUKOKIT_DATA is set, and does not hold it
            states[entry.name] = str(error)
        if not dataset.synthetic:
            kept[entry.name] = states[entry.name]
    yield data_variable(kept)
    for name, reason in states.items():
        level = Level.OK if reason is None else Level.NOTE
        hint = f"Get it with 'leukokit data get {name}', or set LEUKOKIT_DATA" if reason else ""
        yield Finding("data", level, f"{name}: {'found' if reason is None else reason}", hint)


def refuse_wrong_variable() -> None:
    """Raise where ``LEUKOKIT_DATA`` names no folder, also for data that are not looked for there.

    A variable that is wrong is a slip: the next recipe that needs it would find other data, or none.

    Raises
    ------
    DataError
        What is wrong with it.
    """
    variable = data_variable({})
    if variable.level is Level.FAIL:
        raise DataError(variable.text, hint=variable.hint)


def data_variable(states: Mapping[str, str | None]) -> Finding:
    """Say whether ``LEUKOKIT_DATA`` is right.

    Parameters
    ----------
    states : mapping of str to str or None
        By name of a data set that is kept in files, why it is missing; None where it is there.
    """
    root = os.environ.get("LEUKOKIT_DATA")
    if not root:
        return Finding("data", Level.OK, "LEUKOKIT_DATA is not set")
    if not Path(root).is_dir():
        wrong = "which is a file" if Path(root).exists() else "which does not exist"
    elif states and all(reason is not None for reason in states.values()):
        wrong = f"which holds none of the data sets {', '.join(states)}"
    else:
        return Finding("data", Level.OK, f"LEUKOKIT_DATA is {root}")
    return Finding("data", Level.FAIL, f"LEUKOKIT_DATA is {root}, {wrong}", _HINT)
