"""Write the files of a run directory; a file gets its final name only when it is complete."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leukokit.errors import RunFailed
from leukokit.record.json_text import json_bytes

_DRAFT = ".leukokit-draft-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _disk_full(where: object) -> RunFailed:
    return RunFailed("disk full", where=str(where), hint="Free space and run again")


@contextmanager
def full_disk_named(where: object) -> Iterator[None]:
    """Name the place in an error of a full disk, for writers of other libraries.

    Parameters
    ----------
    where : object
        What is written, for errors that do not name their file.

    Raises
    ------
    RunFailed
        Where the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _disk_full(error.filename or where) from error


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, and rename it to ``path`` if the block ends without an error.

    Raises
    ------
    RunFailed
        Where the disk is full or not writable, with the path; an older file of that name is not changed.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{_DRAFT}{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full(path) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise RunFailed(
                "not writable", where=str(path), hint="Choose another folder with --out"
            ) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Remove the drafts of a process that was killed; the caller holds the lock of the folder."""
    for path in folder.rglob(f"{_DRAFT}*"):
        if path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely, or not at all."""
    with draft(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys: the same value gives the same bytes."""
    write_bytes(path, json_bytes(value))
