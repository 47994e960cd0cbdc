"""Compare files with published digests."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from leukokit.plugins.datasets._tables import Published


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not as published."""

    state: Literal["missing", "changed", "extra", "unreadable"]
    file: str


def verify(folder: Path, published: Mapping[str, Published], here: Collection[str]) -> Iterator[Finding]:
    """Yield what differs, in the order of the manifest, then extra files.

    No decoder notices a single flipped bit in a JPEG; the digest does.
    """
    for file, expected in published.items():
        if file not in here:
            yield Finding("missing", file)
            continue
        try:
            digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        except OSError:
            yield Finding("unreadable", file)
            continue
        if digest != expected.sha256:
            yield Finding("changed", file)
    for file in here:
        if file not in published:
            yield Finding("extra", file)
