"""Tables about the published files of ``all_pbs``, shipped with the package, and verification of files."""

from __future__ import annotations

import csv
import hashlib
import io
import lzma
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from leukokit.api import Part

_HERE = files(__package__)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """Size in bytes and digest of a published file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SplitTable:
    """The paper's splits, and groups of overlapping images.

    Attributes
    ----------
    groups : mapping of str to str
        Id -> overlap group: images with overlapping fields of view and near duplicates have the same group.
    splits : mapping of str to mapping
        Name -> (id -> part).
    """

    groups: Mapping[str, str]
    splits: Mapping[str, Mapping[str, Part]]


def read_splits() -> SplitTable:
    """Read ``all_pbs_splits.csv``; ids in file order."""
    rows = list(csv.DictReader(io.StringIO((_HERE / "all_pbs_splits.csv").read_text("utf-8"))))
    names = [name for name in rows[0] if name not in ("file", "overlap_group")]
    splits = {
        name: MappingProxyType({row["file"]: Part(row[name]) for row in rows if row[name]}) for name in names
    }
    return SplitTable(
        groups=MappingProxyType({row["file"]: f"overlap-{row['overlap_group']}" for row in rows}),
        splits=MappingProxyType(splits),
    )


def read_manifest() -> Mapping[str, Mapping[str, PublishedFile]]:
    """Read ``all_pbs_manifest.csv.xz``: variant -> (id -> published file)."""
    text = lzma.decompress((_HERE / "all_pbs_manifest.csv.xz").read_bytes()).decode("ascii")
    manifest: dict[str, dict[str, PublishedFile]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        published = PublishedFile(int(row["size"]), row["sha256"])
        manifest.setdefault(row["variant"], {})[row["file"]] = published
    return manifest


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A difference between a file and its published version."""

    state: Literal["missing", "changed", "extra", "unreadable"]
    file: str


def verify(
    folder: Path, published: Mapping[str, PublishedFile], here: Collection[str]
) -> Iterator[FileDifference]:
    """Yield the files that differ, in the order of the manifest, then extra files.

    Files are compared by digest, which detects changes that no JPEG decoder reports.
    """
    for file, expected in published.items():
        if file not in here:
            yield FileDifference("missing", file)
            continue
        try:
            digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        except OSError:
            yield FileDifference("unreadable", file)
            continue
        if digest != expected.sha256:
            yield FileDifference("changed", file)
    for file in here:
        if file not in published:
            yield FileDifference("extra", file)
