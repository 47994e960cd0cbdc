"""Folders of images: which files are read, which are skipped, and stable, printable names."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from leukokit.api.dataset import Sample
from leukokit.errors import DataError
from leukokit.imageio.urls import list_url, url_inside

SHOWN = 5
"""Number of names that a message lists; further names are counted."""
CLUTTER = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin"})
"""Names, in lower case, that operating systems leave in folders; hidden ones begin with a dot."""


@dataclass
class Listing:
    """Content of a folder; relative POSIX paths in natural order, first what lies directly in it.

    Attributes
    ----------
    files : list of str
        Regular files with one of the extensions.
    links : list of str
        Links, which are not followed: they may form loops or lead outside the folder.
    others : list of str
        Files with other extensions, pipes and devices. Hidden files and :data:`CLUTTER` are not listed.
    folders : list of str
        Folders, whether or not they were listed too.
    unreadable : list of str
        Folders that could not be listed.
    """

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``; blocked splits depend on the order of numbers."""
    pieces = re.split(r"([0-9]+)", name)
    return tuple((0, int(p), p) if p[:1].isdigit() and p.isascii() else (1, 0, p) for p in pieces)


class EntryKind(Enum):
    """Type of an entry of a folder."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


def folder_entries(folder: Path | str) -> list[tuple[str, EntryKind]]:
    """Names and types of the entries of a folder, by path or URL, without hidden ones and clutter.

    Raises
    ------
    OSError
        Where it cannot be listed.
    """
    if isinstance(folder, str):
        listed = [(name, EntryKind(kind)) for name, kind in list_url(folder)]
    else:
        with os.scandir(folder) as scan:
            listed = [(entry.name, _kind(entry)) for entry in scan]
    return [entry for entry in listed if not entry[0].startswith(".") and entry[0].lower() not in CLUTTER]


def _kind(entry: os.DirEntry[str]) -> EntryKind:
    if entry.is_symlink():
        return EntryKind.LINK
    if entry.is_dir(follow_symlinks=False):
        return EntryKind.FOLDER
    return EntryKind.FILE if entry.is_file(follow_symlinks=False) else EntryKind.OTHER


def entry_path(folder: Path | str, name: str) -> Path | str:
    """Path or URL of an entry of a folder."""
    return url_inside(folder, name) if isinstance(folder, str) else folder / name


def walk(folder: Path | str, *, extensions: Sequence[str], levels: int | None = None) -> Listing:
    """List the images of a folder, by path or URL, without following links.

    Parameters
    ----------
    folder : Path or str
    extensions : sequence of str
        Of the files that are images, in any case.
    levels : int or None
        Levels of folders inside it that are listed too; None for all.

    Raises
    ------
    OSError
        Where the folder itself cannot be listed.
    """
    listing = Listing()
    suffixes = tuple(extension.lower() for extension in extensions)
    pending = [""]
    while pending:
        subfolder = pending.pop()
        try:
            entries = folder_entries(entry_path(folder, subfolder) if subfolder else folder)
        except OSError:
            if not subfolder:
                raise
            listing.unreadable.append(subfolder)
            continue
        for name, kind in entries:
            path = f"{subfolder}/{name}" if subfolder else name
            if kind is EntryKind.LINK:
                listing.links.append(path)
            elif kind is EntryKind.FOLDER:
                listing.folders.append(path)
                if levels is None or path.count("/") < levels:
                    pending.append(path)
            elif kind is EntryKind.FILE and name.lower().endswith(suffixes):
                listing.files.append(path)
            else:
                listing.others.append(path)
    for names in (listing.files, listing.links, listing.others, listing.folders, listing.unreadable):
        names.sort(key=lambda path: ("/" in path, natural_order(path)))
    return listing


def printable_name(name: str) -> str:
    r"""Return a name that can be encoded as UTF-8: bytes that are no text become ``\xff``.

    Other names do not change; code that displays them must escape them.
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def first_names(names: Iterable[str]) -> str:
    """List the first few names."""
    listed = [printable_name(name) for name in names]
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")


def require_unique_ids(samples: Sequence[Sample]) -> None:
    """Raise DataError where two samples have the same id."""
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise DataError(f"two images have the id {sample.id!r}", hint="Rename one of the files")
        seen.add(sample.id)


def counted(number: int, what: str) -> str:
    """Join number and noun: ``1 patient``, ``2 patients``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def counts(values: Iterable[str | None]) -> str:
    """Images of each class or part, in natural order: ``A: 8, B: 9 images``."""
    number = Counter("none" if value is None else str(value) for value in values)
    names = sorted(number, key=natural_order)
    listed = [f"{printable_name(name)}: {number[name]}" for name in names[: 2 * SHOWN]]
    more = f" and {len(names) - 2 * SHOWN} more" if len(names) > 2 * SHOWN else ""
    return ", ".join(listed) + more + (" images" if listed else "")
