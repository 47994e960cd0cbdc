"""What this installation has, and what is missing for what."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import joblib
import psutil

from leukokit._version import __version__
from leukokit.api import Dataset, Kind
from leukokit.catalog import Catalog, discover
from leukokit.engine.cache.keys import library_versions
from leukokit.engine.components.call import asked
from leukokit.errors import CatalogError, LeukokitError, MissingPackageError


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    area : str
        Such as ``packages`` or ``cache``.
    hint : str
        What to do; empty where nothing is to be done.
    """

    area: str
    level: Level
    text: str
    hint: str = ""


def examine(cache: Path) -> list[Finding]:
    """Look at everything a run depends on."""
    catalog = discover()
    return [*_machine(), *_packages(), *_plugins(catalog), *_datasets(catalog), *_cache(cache)]


def _machine() -> Iterator[Finding]:
    python = (
        f"leukokit {__version__}, Python {sys.version.split()[0]}, {platform.system()} {platform.machine()}"
    )
    yield Finding("machine", Level.OK, python)
    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    yield Finding(
        "machine", Level.OK, f"{joblib.cpu_count()} cores, {free:.1f} of {total:.1f} GiB memory free"
    )


def _packages() -> Iterator[Finding]:
    yield Finding(
        "packages", Level.OK, ", ".join(f"{name} {release}" for name, release in library_versions())
    )
    if importlib.util.find_spec("tensorflow") is None:
        hint = "For deep components: pip install 'leukokit[deep]'"
        yield Finding("packages", Level.NOTE, "TensorFlow is not installed; everything classical works", hint)


def _plugins(catalog: Catalog) -> Iterator[Finding]:
    usable = 0
    for kind in catalog.kinds:
        for entry in catalog.of(kind):
            try:
                entry.load()
                usable += 1
            except MissingPackageError as error:
                yield Finding("plugins", Level.NOTE, f"{error.where}: {error.what}", error.hint or "")
            except CatalogError as error:
                yield Finding("plugins", Level.FAIL, f"{error.where}: {error.what}", error.hint or "")
    yield Finding("plugins", Level.OK, f"{usable} components can be used")
    for broken in catalog.broken:
        text = f"{broken.name} of {broken.distribution} is broken: {broken.reason}"
        yield Finding("plugins", Level.FAIL, text, f"Update or uninstall {broken.distribution}")
    for conflict in catalog.conflicts:
        yield Finding("plugins", Level.FAIL, str(conflict), "Uninstall one of them")


def _datasets(catalog: Catalog) -> Iterator[Finding]:
    root = os.environ.get("LEUKOKIT_DATA")
    yield Finding("data", Level.OK, f"LEUKOKIT_DATA is {root}" if root else "LEUKOKIT_DATA is not set")
    for entry in catalog.of(Kind.DATASET):
        try:
            dataset = entry.load().create()
        except (CatalogError, ValueError):
            continue  # needs parameters, such as a folder: nothing to look for
        assert isinstance(dataset, Dataset)
        try:
            reason = asked(dataset, "missing")
        except LeukokitError as error:  # a plugin's data set cannot even say whether it is there
            yield Finding("data", Level.FAIL, f"{entry.name}: {error}")
            continue
        level = Level.OK if reason is None else Level.NOTE
        yield Finding("data", level, f"{entry.name}: {'found' if reason is None else reason}")


def _cache(cache: Path) -> Iterator[Finding]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            free = shutil.disk_usage(cache).free / 2**30
        yield Finding("cache", Level.OK, f"{cache} can be written to, {free:.1f} GiB free")
    except OSError as error:
        hint = (
            "Set LEUKOKIT_CACHE to a folder that can be written to; until then nothing is kept between runs"
        )
        yield Finding("cache", Level.NOTE, f"{cache} cannot be written to ({error.strerror})", hint)
