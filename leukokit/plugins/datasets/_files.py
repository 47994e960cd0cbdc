"""Folders of images: what is read, what is passed over, and names that are stable and printable."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from leukokit.api import DataError, Sample, list_url, url_inside

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
    folders : list of str
        Folders in the folder itself, whether or not they were walked through.
    unreadable : list of str
        Folders that could not be listed.
    """

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``: blocked splits depend on the order of numbers."""
    pieces = re.split(r"([0-9]+)", name)
    return tuple((0, int(p), p) if p[:1].isdigit() and p.isascii() else (1, 0, p) for p in pieces)


class Kind(Enum):
    """What an entry of a folder is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


def entries(folder: Path | str) -> list[tuple[str, Kind]]:
    """Names in a folder, by path or URL, and what they are; hidden ones are left out.

    Raises
    ------
    OSError
        Where it cannot be listed.
    """
    if isinstance(folder, str):
        found = [(name, Kind(kind)) for name, kind in list_url(folder)]
    else:
        with os.scandir(folder) as scan:
            found = [(entry.name, _kind(entry)) for entry in scan]
    return [(name, kind) for name, kind in found if not name.startswith(".")]


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.LINK
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.OTHER


def below(folder: Path | str, name: str) -> Path | str:
    """Path or URL of an entry of a folder."""
    return url_inside(folder, name) if isinstance(folder, str) else folder / name


def walk(folder: Path | str, *, extensions: Sequence[str], recursive: bool) -> Listing:
    """List the images of a folder, by path or URL, without following links.

    Raises
    ------
    OSError
        Where the folder itself cannot be listed.
    """
    found = Listing()
    ending = tuple(extension.lower() for extension in extensions)
    waiting = [""]
    while waiting:
        here = waiting.pop()
        try:
            listed = entries(below(folder, here) if here else folder)
        except OSError:
            if not here:
                raise
            found.unreadable.append(here)
            continue
        for name, kind in listed:
            whole = f"{here}/{name}" if here else name
            if kind is Kind.LINK:
                found.links.append(whole)
            elif kind is Kind.FOLDER:
                if not here:
                    found.folders.append(name)
                if recursive:
                    waiting.append(whole)
            elif kind is Kind.FILE and name.lower().endswith(ending):
                found.files.append(whole)
            else:
                found.others.append(whole)
    for names in (found.files, found.links, found.others, found.folders, found.unreadable):
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
