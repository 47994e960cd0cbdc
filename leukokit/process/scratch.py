"""Temporary folders that do not outlive their process for long.

A process that is killed leaves its folders. Each holds a file that its process keeps locked. The system frees
the lock when the process ends, however it ends; :func:`sweep` removes the folders whose lock is free. A
process id would not do: ids are used again, and differ between containers that share a folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

PREFIX = "leukokit-"
_SWEPT = (PREFIX, "pymp-")  # prefix of the folders of Python's multiprocessing
_LOCK = ".leukokit-lock"
_SHORT = "/tmp"
_MOST_BYTES = 107  # of the path of a socket
_IN_FOLDER = len("/pymp-12345678/listener-12345678")


@contextmanager
def scratch_folder(prefix: str = PREFIX) -> Iterator[Path]:
    """Give an empty temporary folder, and remove it with the block.

    Parameters
    ----------
    prefix : str
        Begins with ``leukokit-``.
    """
    outer = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        lock = _lock(outer)
        # Blocking: another process may sweep between the creation of the folder and of its lock.
        with lock.acquire(blocking=True):
            folder = outer / "files"
            folder.mkdir(parents=True)
            yield folder
    finally:
        shutil.rmtree(outer, ignore_errors=True)


@cache
def lock_folder(folder: Path) -> BaseFileLock:
    """Lock a temporary folder that other code made, until this process ends."""
    lock = _lock(folder)
    lock.acquire(blocking=False)
    return lock


def socket_folder() -> Path | None:
    """Give the folder in which Python's multiprocessing makes its sockets, locked until this process ends.

    Returns
    -------
    Path or None
        In /tmp where the path of a socket in the system's temporary folder would be too long; None where
        that is no way out either.
    """
    from multiprocessing.util import get_temp_dir

    if not _too_long(tempfile.gettempdir(), _IN_FOLDER):
        folder = get_temp_dir()
    elif os.access(_SHORT, os.W_OK | os.X_OK):
        named, tempfile.tempdir = tempfile.tempdir, _SHORT
        try:
            folder = get_temp_dir()  # one that the process has already stays the same
        finally:
            tempfile.tempdir = named
    else:
        return None
    if _too_long(folder, _IN_FOLDER - len("/pymp-12345678")):
        return None
    lock_folder(Path(folder))
    return Path(folder)


def _too_long(folder: str, more: int) -> bool:
    return len(os.fsencode(folder)) + more > _MOST_BYTES


def sweep() -> list[Path]:
    """Remove the temporary folders that killed processes of this user have left; return them.

    Folders of running processes, folders without a lock file, those of other users and links are not removed.
    """
    return [folder for folder in _marked() if _remove_unlocked(folder)]


def remove_own() -> None:
    """Remove the temporary folders of this process, which is about to end at once."""
    import psutil

    opened = {Path(file.path).parent for file in psutil.Process().open_files()}
    for folder in _marked():
        if folder in opened:
            shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(folder / _LOCK, blocking=False)


def _marked() -> list[Path]:
    """Folders of this user that leukokit made or marked."""
    named = tempfile.gettempdir()
    roots = [Path(root).resolve() for root in (named, *([_SHORT] if _too_long(named, _IN_FOLDER) else []))]
    names = [path for root in roots for prefix in _SWEPT for path in root.glob(f"{prefix}*")]
    return [path for path in names if _is_own(path, stat.S_ISDIR) and _is_own(path / _LOCK, stat.S_ISREG)]


def _is_own(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return is_kind(status.st_mode) and (sys.platform == "win32" or status.st_uid == os.getuid())


def _remove_unlocked(folder: Path) -> bool:
    """Remove a folder if its lock is free; whether it was free."""
    from filelock import Timeout

    try:
        with _lock(folder):
            shutil.rmtree(folder, ignore_errors=True)
    except (Timeout, OSError):
        return False
    return True
