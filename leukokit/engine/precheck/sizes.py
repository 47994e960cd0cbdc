"""How large the images are, by their headers, and what that costs in memory and on the disk."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from PIL import Image

from leukokit.api import MAX_PIXELS
from leukokit.engine.data import OpenData
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.engine.execution.memory import MemoryLimit, gigabytes

_SECONDS = 0.4
"""For reading headers: first of the largest files, then of a random part."""
_LARGEST_FILES = 200
_BYTES_A_PIXEL = 100
"""Memory of a worker for each pixel: the image, its planes in floating point, label images and features."""


@dataclass(frozen=True, slots=True)
class _Size:
    """Width and height of an image, px."""

    id: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.id}: {self.width} x {self.height} px"


def size_findings(data: OpenData, workers: int) -> Iterator[Finding]:
    """Examine the headers of images that are files; what cannot be read is left to the run."""
    images = {item.sample.whole.id: item.sample.path for item in data.items}
    files = [(name, path) for name, path in images.items() if path is not None]
    sizes, looked = _sizes(files)
    if not sizes:
        return
    among = "" if looked == len(files) else f" (of {looked} of {len(files)} images looked at)"
    large = sorted((size for size in sizes if size.pixels > MAX_PIXELS), key=lambda size: -size.pixels)
    if large:
        text = f"{len(large)} images have more than {MAX_PIXELS:,} pixels{among} and will be rejected"
        level = Level.FAIL if len(large) == len(sizes) else Level.NOTE
        yield Finding("images", level, f"{text}, such as {large[0]}", "Cut whole slides into tiles first")
    usable = [size for size in sizes if size.pixels <= MAX_PIXELS]
    if usable:
        yield from _memory(max(usable, key=lambda size: size.pixels), workers)


def _memory(largest: _Size, workers: int) -> Iterator[Finding]:
    needed = largest.pixels * _BYTES_A_PIXEL
    limit = MemoryLimit.of(None)
    if needed <= limit.of_one(workers):
        return
    fitting = max(1, limit.total // needed)
    text = (
        f"the largest image ({largest}) takes about {gigabytes(needed)} in a worker, and each of {workers} "
        f"may use {gigabytes(limit.of_one(workers))}"
    )
    hint = f"Run with --workers {fitting}" if needed <= limit.total else "Cut the images into tiles"
    yield Finding("images", Level.NOTE, text, hint)


def _sizes(files: Sequence[tuple[str, Path]]) -> tuple[list[_Size], int]:
    """Sizes of the images whose header can be read in the time, and how many were looked at."""
    end = monotonic() + _SECONDS
    by_bytes = sorted(files, key=lambda file: -_bytes(file[1]))
    rest = by_bytes[_LARGEST_FILES:]
    random.Random(0).shuffle(rest)
    order = [*by_bytes[:_LARGEST_FILES], *rest]
    sizes: list[_Size] = []
    looked = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes that we judge ourselves
        for name, path in order:
            if monotonic() > end:
                break
            looked += 1
            try:
                with Image.open(path) as image:
                    sizes.append(_Size(name, *image.size))
            except Image.DecompressionBombError as error:
                sizes.append(_bomb(name, error))
            except Exception:  # no image, or a damaged header: a run rejects it with its reason
                continue
    return sizes, looked


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _bomb(name: str, error: Exception) -> _Size:
    """Size of an image that Pillow does not open; its message holds the number of pixels only."""
    pixels = [int(word) for word in str(error).replace("(", " ").split() if word.isdigit()]
    return _Size(name, pixels[0] if pixels else MAX_PIXELS + 1, 1)
