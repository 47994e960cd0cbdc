"""Data sets: which are on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from leukokit.api import Dataset, Kind
from leukokit.catalog import Catalog
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.errors import CatalogError


def examine_data(catalog: Catalog) -> Iterator[Finding]:
    """Look for the data sets that are built in."""
    root = os.environ.get("LEUKOKIT_DATA")
    if root and not Path(root).is_dir():
        hint = "Set it to the folder that holds all-pbs, or leave it out"
        yield Finding("data", Level.FAIL, f"LEUKOKIT_DATA is {root}, which is no folder", hint)
    else:
        yield Finding("data", Level.OK, f"LEUKOKIT_DATA is {root}" if root else "LEUKOKIT_DATA is not set")
    for entry in catalog.of(Kind.DATASET):
        if entry.distribution != "leukokit":
            continue  # loading it would run code of a plugin in this process
        try:
            dataset = entry.load().create()
        except (CatalogError, ValueError):
            continue  # needs parameters, such as a folder: nothing to look for
        assert isinstance(dataset, Dataset)
        reason = dataset.missing()
        level = Level.OK if reason is None else Level.NOTE
        hint = f"Get it with 'leukokit data get {entry.name}', or set LEUKOKIT_DATA" if reason else ""
        yield Finding("data", level, f"{entry.name}: {'found' if reason is None else reason}", hint)
