"""Folders of images: what is read, what is passed over, and names that are stable and printable."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leukokit.api import DataError, Sample

SHOWN = 5
"""Names that a message lists before it only counts."""


@dataclass
class Listing:
    """What a walk through a folder found; paths relative to it, POSIX, in natural order.

    Attributes
    ----------
    files : list of str
        Regular files with one of the extensions.
    links : list of str
        Links; they are not followed, so that no loop and no file outside the folder is met.
    others : list of str
        Files with other extensions, and pipes and devices. Hidden files are not listed.
    unreadable : list of str
        Folders that could not be listed.
    """

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``: blocked splits depend on the order of numbers."""
    pieces = re.split(r"([0-9]+)", name)
    return tuple((0, int(p), p) if p[:1].isdigit() and p.isascii() else (1, 0, p) for p in pieces)


def walk(folder: Path, *, extensions: Sequence[str], recursive: bool) -> Listing:
    """List the images of a folder, without following links.

    Raises
    ------
    OSError
        Where the folder itself cannot be listed.
    """
    found = Listing()
    ending = tuple(extension.lower() for extension in extensions)
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(folder / inside) as scan:
                entries = list(scan)
        except OSError:
            if not inside:
                raise
            found.unreadable.append(inside)
            continue
        for entry in entries:
            name = f"{inside}/{entry.name}" if inside else entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                found.links.append(name)
            elif entry.is_dir(follow_symlinks=False):
                if recursive:
                    waiting.append(name)
            elif entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(ending):
                found.files.append(name)
            else:
                found.others.append(name)
    for names in (found.files, found.links, found.others, found.unreadable):
        names.sort(key=natural)
    return found


def printable(name: str) -> str:
    r"""Return a name that can be written as UTF-8: bytes that are no text become ``\xff``.

    Other names, however odd, stay as they are; whoever shows them has to escape them.
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def some(names: Iterable[str]) -> str:
    """List the first few names."""
    listed = [printable(name) for name in names]
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")


def refuse_same_ids(samples: Sequence[Sample]) -> None:
    """Raise where two samples bear one id."""
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise DataError(f"two images have the id {sample.id!r}", hint="Rename one of the files")
        seen.add(sample.id)
