"""Files of a data set: names that can be shown, a natural order, pictures that contradict their labels."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from leukokit.api import DataError, Sample


def printable(path: Path) -> str:
    """Posix path that any terminal and file can hold; bytes that are not UTF-8 become escapes."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts ``img2`` before ``img10``."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text)]


def regular_files(folder: Path, extensions: Iterable[str], *, recursive: bool) -> Iterator[Path]:
    """Files with one of the extensions, in natural order; links and hidden names are passed over."""
    wanted = {each.lower() for each in extensions}
    with os.scandir(folder) as entries:
        found = sorted(
            (entry for entry in entries if not entry.name.startswith(".")),
            key=lambda entry: natural(printable(Path(entry.name))),
        )
    for entry in found:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False) and recursive:
            yield from regular_files(path, extensions, recursive=True)
        elif entry.is_file(follow_symlinks=False) and path.suffix.lower() in wanted:
            yield path


def links_in(folder: Path) -> list[Path]:
    """Links directly in a folder or its subfolders, which are not followed."""
    found = []
    for parent, folders, files in os.walk(folder, followlinks=False):
        found += [Path(parent, name) for name in (*folders, *files) if Path(parent, name).is_symlink()]
    return sorted(found)


def refuse_two_labels(samples: Iterable[Sample]) -> None:
    """Raise where one picture, to the byte, carries two labels; only files of equal size are read.

    Raises
    ------
    DataError
        Naming both files.
    """
    by_size: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.path is not None and sample.label is not None:
            try:
                by_size[sample.path.stat().st_size].append(sample)
            except OSError:
                continue  # reading it will say what is wrong
    for size, same in by_size.items():
        if size and len({sample.label for sample in same}) > 1:
            _refuse(same)


def _refuse(samples: Iterable[Sample]) -> None:
    first: dict[str, Sample] = {}
    for sample in samples:
        assert sample.path is not None
        try:
            digest = hashlib.sha256(sample.path.read_bytes()).hexdigest()
        except OSError:
            continue
        seen = first.setdefault(digest, sample)
        if seen.label != sample.label:
            raise DataError(
                f"{seen.id} ({seen.label}) and {sample.id} ({sample.label}) are the same picture",
                hint="One picture cannot have two classes: remove one of the two, or correct its label",
            )
