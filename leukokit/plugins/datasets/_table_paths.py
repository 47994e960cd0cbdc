r"""Paths in a table that was made on another machine: ``ALL\1.png``, ``C:\Users\me\smears\ALL\1.png``."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from leukokit.api import Reading


class PathFinder:
    """Finds the files of a table below a folder.

    Parameters
    ----------
    folder : Path
        That relative paths start from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dropped: tuple[str, ...] = ()
        self._example: tuple[str, str] | None = None
        self._moved = 0

    def find(self, name: str) -> str:
        r"""Path of a file from the folder; the name itself where there is no such file.

        Backslashes become ``/``. Of an absolute path that is not there, the longest end that exists below the
        folder is taken; what is dropped before it is the same for all files, as far as their ends exist.

        Raises
        ------
        ValueError, OSError
            Where no file can have that name.
        """
        if os.name == "nt":
            name = name.replace("\\", "/")
        if (self._folder / name).is_file():
            return name
        slashed = name.replace("\\", "/")
        windows = PureWindowsPath(name)
        if windows.drive or PurePosixPath(slashed).is_absolute():
            return self._tail(name, PurePosixPath(slashed).parts) or name
        return slashed if (self._folder / slashed).is_file() else name

    def _tail(self, name: str, parts: tuple[str, ...]) -> str | None:
        count = len(self._dropped)
        known = [count] if count and parts[:count] == self._dropped else []
        for start in (*known, *range(1, len(parts))):
            tail = "/".join(parts[start:])
            if ".." not in parts[start:] and (self._folder / tail).is_file():
                self._dropped = parts[:start]
                self._example = self._example or (name, tail)
                self._moved += 1
                return tail
        return None

    def readings(self) -> list[Reading]:
        """Say which paths of another machine were found here."""
        if self._example is None:
            return []
        name, tail = self._example
        return [Reading(f"path {name}", f"file {tail}", f"{self._moved} such paths")]
