"""Checkpoints of unfinished fits, to go on from: folders that only the process with the lock may use."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from leukokit.engine.cache.entry import Entry
from leukokit.engine.cache.faults import is_file, is_no_file, is_no_folder, set_aside
from leukokit.input_file import read_input

_TITLE = "title.txt"
_CHECKPOINTS = "checkpoints"


class UnfinishedFits:
    """Checkpoints by the key of the model that is being fitted.

    Parameters
    ----------
    root : Path
        Made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def hold(self, key: str, title: str) -> Iterator[Path]:
        """Hold the folder in which the fit of ``key`` keeps its checkpoints, as the last try left it.

        It stays until ``forget``, unless nothing was put into it.

        Raises
        ------
        filelock.Timeout
            Where another process holds it.
        OSError
            Where the cache cannot be written to.
        """
        folder = self._path(key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _set_aside_if(is_no_file, self._lock_path(folder))
        with self._lock(folder):
            checkpoints, note = folder / _CHECKPOINTS, folder / _TITLE
            _set_aside_if(is_no_folder, folder, checkpoints)
            checkpoints.mkdir(parents=True, exist_ok=True)
            _set_aside_if(is_no_file, note)
            note.write_text(title, encoding="utf-8")
            try:
                yield checkpoints
            finally:
                if checkpoints.is_dir() and not any(checkpoints.iterdir()):
                    self.forget(key)

    def forget(self, key: str) -> None:
        """Remove the checkpoints of ``key``; only for the process that holds them."""
        shutil.rmtree(self._path(key), ignore_errors=True)

    def entries(self) -> list[Entry]:
        """Every fit that did not end, in no order."""
        return [_entry(path) for path in self._root.glob("*") if path.is_dir()]

    def remove(self, entry: Entry) -> bool:
        """Remove the checkpoints of a fit; False, without removing, where the fit is still going on."""
        try:
            with self._lock(entry.path):
                shutil.rmtree(entry.path, ignore_errors=True)
        except Timeout:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self._root / key

    def _lock(self, folder: Path) -> FileLock:
        # The lock's file is empty and stays: if it were removed while another process opens it, that process
        # would hold the removed file and a third one a new file: both would believe to be alone.
        return FileLock(self._lock_path(folder), blocking=False)

    def _lock_path(self, folder: Path) -> Path:
        return folder.with_suffix(".lock")


def _set_aside_if(is_wrong: Callable[[Path], bool], *paths: Path) -> None:
    """Set aside anything of another kind that has one of these names, such as a named pipe."""
    for path in paths:
        if is_wrong(path):
            set_aside(path)


def _entry(folder: Path) -> Entry:
    title = "unreadable"
    with suppress(OSError, ValueError):
        title = read_input(folder / _TITLE).decode()
    files = [path for path in (folder / _CHECKPOINTS).rglob("*") if is_file(path)]
    stats = [path.stat() for path in files]
    used = max((stat.st_mtime for stat in stats), default=folder.stat().st_mtime)
    size = sum(stat.st_size for stat in stats)
    return Entry(folder.name, "fits", f"unfinished: {title}", len(files), size, used, folder)
