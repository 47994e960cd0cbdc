"""The tables about ``all_pbs`` that ship with the package: facts about its files, not the files."""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from leukokit.api import Part

_HERE = files(__package__)


@dataclass(frozen=True, slots=True)
class Published:
    """One published file: its size in bytes and its digest."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SplitTable:
    """The paper's splits by file, and which images overlap.

    Attributes
    ----------
    groups : mapping of str to str
        Id -> overlap group: images whose views overlap, or that are near duplicates, share one.
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


def read_manifest() -> Mapping[str, Mapping[str, Published]]:
    """Read ``all_pbs_manifest.csv.xz``: variant -> (id -> published file)."""
    text = lzma.decompress((_HERE / "all_pbs_manifest.csv.xz").read_bytes()).decode("ascii")
    manifest: dict[str, dict[str, Published]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        published = Published(int(row["size"]), row["sha256"])
        manifest.setdefault(row["variant"], {})[row["file"]] = published
    return manifest
