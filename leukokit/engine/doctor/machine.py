"""Versions, memory, disks and the current folder."""

from __future__ import annotations

import contextlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import joblib
import psutil

from leukokit._version import __version__
from leukokit.engine.doctor.finding import Finding, Level

_GIB = 2**30
_TOO_LITTLE = 1.0  # GiB; with less, a run is likely to end with a full disk
_LITTLE = 10.0  # GiB; with less, a cache cannot grow to the size to which it is trimmed


def examine_machine(cache: Path) -> Iterator[Finding]:
    """Examine what everything runs on."""
    system = f"{platform.system()} {platform.machine()}"
    text = f"leukokit {__version__}, Python {platform.python_version()}, {system}"
    yield Finding("machine", Level.OK, text)
    yield Finding("machine", Level.OK, f"Python is {sys.executable or 'embedded in another program'}")
    memory = psutil.virtual_memory()
    free, total = memory.available / _GIB, memory.total / _GIB
    text = f"{joblib.cpu_count()} cores, {free:.1f} of {total:.1f} GiB memory free"
    yield Finding("machine", Level.OK, text)
    yield _current_folder()
    yield from free_space(_written_folders(cache))


def _current_folder() -> Finding:
    try:
        folder = Path.cwd()
        with tempfile.TemporaryFile(dir=folder):
            return Finding("disk", Level.OK, f"the current folder {folder} can be written to")
    except OSError as error:
        hint = "Change to another folder, or name one: leukokit run RECIPE --out FOLDER"
        return Finding(
            "disk", Level.FAIL, f"the current folder cannot be written to ({error.strerror})", hint
        )


def free_space(folders: Iterable[tuple[str, Path | None]]) -> Iterator[Finding]:
    """Free space of disks; each disk once.

    Parameters
    ----------
    folders : iterable of (str, Path or None)
        What is written there, and a folder that exists; None where there is none for it.
    """
    seen: set[int] = set()
    for what, folder in folders:
        if folder is None:
            hint = "Set TMPDIR to a folder that can be written to"
            yield Finding("disk", Level.FAIL, "there is no folder for temporary files", hint)
            continue
        try:
            device, free = folder.stat().st_dev, shutil.disk_usage(folder).free / _GIB
        except OSError:
            continue  # another finding reports it
        if device in seen:
            continue
        seen.add(device)
        level = Level.FAIL if free < _TOO_LITTLE else Level.NOTE if free < _LITTLE else Level.OK
        hint = "Free some space: 'leukokit cache prune --max-size 1G', older folders under runs/"
        yield Finding(
            "disk", level, f"{free:.1f} GiB free for {what} ({folder})", hint if level != Level.OK else ""
        )


def _written_folders(cache: Path) -> Iterator[tuple[str, Path | None]]:
    with contextlib.suppress(OSError):  # the current folder has been removed; another finding reports it
        yield "runs", Path.cwd()
    # The nearest folder that there is: the cache is made when it is first written to.
    yield "the cache", next((folder for folder in (cache, *cache.parents) if folder.is_dir()), cache)
    try:
        yield "temporary files", Path(tempfile.gettempdir())
    except OSError:
        yield "temporary files", None
