"""Images that a user gives to predict: files, folders, patterns, tables, URLs, arrays."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd

from leukokit.api import EXTENSIONS, Dataset, RGBImage, Sample
from leukokit.engine.prediction.arrays import array_files, no_image
from leukokit.errors import DataError, UsageError
from leukokit.imageio.urls import is_url
from leukokit.near_names import near_names
from leukokit.recipe.data_choice import TABLES

_HIDDEN = ("__MACOSX",)
_PATTERN = re.compile(r"[*?\[]")
_NUMBER = re.compile(r"(\d+)")

ReadTable = Callable[[str], Sequence[Sample]]
"""Reads the samples of a table by its path or URL."""


@dataclass
class GivenImages(Sequence[Sample]):
    """Images in the order in which they were given; what a file is read as is made when it is asked for.

    Attributes
    ----------
    entries : list of str or Sample
        Paths and URLs, or samples of a table.
    roots : list of Path
        Folders whose images are among them.
    dropped : int
        Images that were named again, and left out.
    """

    entries: list[str | Sample] = field(default_factory=list)
    roots: list[Path] = field(default_factory=list)
    dropped: int = 0
    _known: set[str] = field(default_factory=set, repr=False)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [_sample(entry) for entry in self.entries[index]]
        return _sample(self.entries[index])

    def __iter__(self) -> Iterator[Sample]:
        return map(_sample, self.entries)

    def add(self, entry: str | Sample) -> None:
        """Add an image, unless it was named before."""
        name = entry.id if isinstance(entry, Sample) else entry
        if name in self._known:
            self.dropped += 1
            return
        self._known.add(name)
        self.entries.append(entry)


def _sample(entry: str | Sample) -> Sample:
    if isinstance(entry, Sample):
        return entry
    return Sample(entry, url=entry) if is_url(entry) else Sample(entry, path=Path(entry))


def find_images(texts: Iterable[str], read_table: ReadTable) -> GivenImages:
    """Find the images that paths, folders, patterns, tables and URLs name.

    Raises
    ------
    UsageError
        Where nothing is there, naming the text, or no image is found at all.
    """
    found = GivenImages()
    for text in texts:
        _add(found, text, read_table)
    if not found:
        raise UsageError("no image is given", hint="Name image files, folders, a table or a pattern")
    return found


def list_images(lines: Iterable[str]) -> GivenImages:
    """Take a list of paths and URLs as it is: a file that is not there becomes a rejected row."""
    found = GivenImages()
    for line in lines:
        if line.strip():
            found.add(line)
    if not found:
        raise UsageError("the list of images is empty", hint="Give one path or URL a line")
    return found


def _add(found: GivenImages, text: str, read_table: ReadTable) -> None:
    path = Path(text)
    if is_url(text):
        for entry in read_table(text) if text.lower().endswith(TABLES) else [text]:
            found.add(entry)
    elif path.is_dir():
        images = _in_folder(path)
        if not images:
            raise UsageError(
                "there is no image in this folder",
                where=text,
                hint=f"Files that end in {', '.join(EXTENSIONS)} are read, in folders inside it too",
            )
        found.roots.append(path)
        for image in images:
            found.add(image)
    elif path.exists():
        for entry in read_table(text) if path.suffix.lower() in TABLES else [text]:
            found.add(entry)
    elif _PATTERN.search(text):
        _add_matches(found, text)
    else:
        raise UsageError("there is no such file or folder", where=text, hint=_nearest(path))


def _add_matches(found: GivenImages, pattern: str) -> None:
    found_files = filter(os.path.isfile, glob.iglob(pattern, recursive=True))  # noqa: PTH207 - also absolute
    matches = sorted(found_files, key=natural)
    if not matches:
        raise UsageError(
            "no file matches this pattern", where=pattern, hint="'**' stands for folders of any depth"
        )
    for match in matches:
        found.add(match)


def _in_folder(root: Path) -> list[str]:
    """Images in a folder and the folders inside it, in natural order (2 before 10)."""
    images = []
    for folder, inside, files in os.walk(root):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in _HIDDEN]
        images += [
            f"{folder}{os.sep}{name}"
            for name in files
            if name.lower().endswith(EXTENSIONS) and not name.startswith(".")
        ]
    return sorted(images, key=natural)


def natural(text: str) -> list[str | int]:
    """Key that sorts numbers in names by their value."""
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(text)]


def _nearest(path: Path) -> str:
    """Say what is there that the user may have meant."""
    parent = next((each for each in path.parents if each.is_dir()), Path())
    inside = path.relative_to(parent).parts[0] if path.is_relative_to(parent) else path.name
    near = near_names(inside, [each.name for each in parent.iterdir()])
    return f"Did you mean {parent / near[0]}?" if near else f"Look into {parent.resolve()}, which is there"


@contextmanager
def given_images(
    images: str | Path | RGBImage | Iterable[Sample | str | Path | RGBImage], dataset: Dataset | None
) -> Iterator[Sequence[Sample]]:
    """Give what a Python caller names as samples; arrays lie in a temporary folder for as long as the block.

    Raises
    ------
    UsageError
        As :meth:`leukokit.engine.prediction.predictor.Predictor.predict` says.
    """
    if isinstance(images, np.ndarray):
        images = [images] if images.ndim != 4 else list(images)
    if isinstance(images, str | Path):
        yield find_images([str(images)], read_table)
        return
    entries = _several(images)
    if any(isinstance(entry, np.ndarray) for entry in entries):
        with array_files(entries) as samples:
            yield samples
        return
    found = GivenImages()
    for number, entry in enumerate(entries):
        if isinstance(entry, Sample):
            found.add(entry)
        elif isinstance(entry, str | Path):
            _add(found, str(entry), read_table)
        else:
            raise no_image(entry, f"image {number}")
        if found.dropped:
            name = entry.id if isinstance(entry, Sample) else str(entry)
            raise UsageError(f"{name!r} is given twice", hint="Give each image once")
    rendered = next((sample.id for sample in found if sample.rendered), None)
    if rendered is not None and dataset is None:
        raise UsageError(
            f"sample {rendered!r} has no file", hint="Give the data set that renders it as 'dataset'"
        )
    yield found


def with_groups(samples: Sequence[Sample], groups: Sequence[str] | None) -> GivenImages:
    """Give each image the group that a Python caller names for it; None leaves them as they are.

    Raises
    ------
    UsageError
        Where there are more or fewer groups than images.
    """
    given = samples if isinstance(samples, GivenImages) else GivenImages(entries=list(samples))
    if groups is None:
        return given
    if len(groups) != len(given):
        raise UsageError(
            f"{len(given)} images were given and {len(groups)} groups",
            hint="Give one group for each image, in the same order",
        )
    entries = [replace(sample, group=str(group)) for sample, group in zip(given, groups, strict=True)]
    return GivenImages(entries=list(entries), roots=given.roots)


def _several(images: object) -> list[object]:
    """List what holds several images; a table, a mapping or a single object of another kind is refused."""
    if isinstance(images, pd.DataFrame):
        columns = ", ".join(map(str, images.columns))
        raise UsageError(
            f"a DataFrame is given (columns {columns})",
            hint="Give its column of paths, such as table['path']",
        )
    if isinstance(images, Mapping):
        raise UsageError("a mapping is given", hint="Give its values: list(images.values())")
    if not isinstance(images, Iterable) or isinstance(images, bytes):
        raise no_image(images, "the image")
    return list(images)


def read_table(file: str) -> Sequence[Sample]:
    """Read a table as the data set ``table`` does: a column ``path``, and maybe ``label`` and ``group``.

    Raises
    ------
    DataError
        Where it cannot be read, has no such column, or names files that are not there; all are listed.
    """
    from leukokit.catalog import discover

    component = discover().get("dataset", "table").load()
    dataset = component.create(file=file)
    assert isinstance(dataset, Dataset)
    try:
        return dataset.samples()
    except DataError as error:
        if "root" not in error.what:
            raise
        # The data set names its parameter "root", which a list of images to predict cannot have.
        hint = "To predict, write paths that begin at the folder or URL of the table, or absolute paths"
        raise DataError(error.what, where=error.where, hint=hint) from error
