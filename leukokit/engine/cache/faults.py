"""Entries of the cache that cannot be used: reported once, set aside, and computed again."""

from __future__ import annotations

import stat
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class Fault(StrEnum):
    """Kinds of faults; each is reported once, those of reading once for rows and once for folders."""

    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    CONTENT = "content"
    NOT_WRITABLE = "not writable"


class Faults:
    """Reports the first fault of each kind.

    Parameters
    ----------
    warn : callable
        Takes one sentence.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._reported: set[Fault] = set()

    def leave_out(self, fault: Fault) -> None:
        """Report no fault of this kind: the user knows."""
        self._reported.add(fault)

    def report(self, fault: Fault, sentence: str) -> None:
        """Report a fault, unless one of its kind was reported: a damaged disk must not fill the screen."""
        if fault not in self._reported:
            self._reported.add(fault)
            self._warn(sentence)


def is_absent(path: Path) -> bool:
    """Whether nothing visible has this name."""
    try:
        path.lstat()
    except OSError:
        return True
    return False


def is_file(path: Path) -> bool:
    """Whether it is a regular file; a named pipe would be waited for without end."""
    return _has_mode(path, stat.S_ISREG)


def is_folder(path: Path) -> bool:
    """Whether it is a folder."""
    return _has_mode(path, stat.S_ISDIR)


def is_no_file(path: Path) -> bool:
    """Whether something has this name that is no regular file, such as a named pipe or a link to nowhere.

    It looks once: other processes make and remove files at any time, and one that was absent at a first look
    and there at a second one must not be taken for something else.
    """
    return _is_another(path, stat.S_ISREG)


def is_no_folder(path: Path) -> bool:
    """Whether something has this name that is no folder; it looks once, as :func:`is_no_file`."""
    return _is_another(path, stat.S_ISDIR)


def _is_another(path: Path, test: Callable[[int], bool]) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (test(mode) or (stat.S_ISLNK(mode) and _has_mode(path, test)))


def _has_mode(path: Path, test: Callable[[int], bool]) -> bool:
    try:
        return test(path.stat().st_mode)
    except OSError:
        return False


def set_aside(path: Path) -> bool:
    """Rename what has a name that the cache needs; True where the name is free afterwards.

    Nothing is removed: the cache did not put it there.
    """
    if is_absent(path):
        return True
    for number in range(1, 100):
        target = path.with_name(f"{path.name}.set-aside-{number}")
        if is_absent(target):
            try:
                path.rename(target)
            except OSError:
                return False
            return True
    return False
