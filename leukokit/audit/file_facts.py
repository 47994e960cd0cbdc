"""Size and compression of image files, read once and kept in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass

from PIL import Image

from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.memo import memo_rows
from leukokit.engine.cache.serialization import json_codec
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import file_header, file_size

REVISION = 1
"""Increased whenever the description of a file changes."""

_STANDARD_SUM = 3688  # of the luminance table in ITU-T T.81, annex K.1


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's size and compression.

    Attributes
    ----------
    size : int or None
        In bytes; None where an image has no file.
    compression : str
        Format by content, for JPEG with the quality that its luminance table implies; empty without a file.
    """

    size: int | None
    compression: str


_FACTS = json_codec(astuple, lambda fields: FileFacts(*fields))


def file_facts(items: Sequence[Item], store: Store | None, threads: int) -> list[FileFacts]:
    """Describe the file of each item, in order; files with the same bytes are read once."""
    by_key = {item.key: item for item in items}

    def described(keys: Sequence[str]) -> dict[str, FileFacts]:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            facts = pool.map(_describe, [by_key[key] for key in keys], chunksize=64)
            return dict(zip(keys, facts, strict=True))

    step, title = digest("audit file facts", REVISION), "audit file facts"
    known = memo_rows(step, list(by_key), described, _FACTS, store=store, title=title)
    return [known[item.key] for item in items]


def _describe(item: Item) -> FileFacts:
    if item.sample.rendered:
        return FileFacts(None, "")
    return FileFacts(file_size(item.sample), _compression(item))


def _compression(item: Item) -> str:
    try:
        with file_header(item.sample) as file, Image.open(file) as image:
            tables = getattr(image, "quantization", None)
            name = image.format or "unknown"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "unknown"
    if not tables:
        return name
    # Independent JPEG Group: table = standard * scale / 100; scale = 200 - 2 quality, or 5000 / quality.
    scale = 100 * sum(tables[0]) / _STANDARD_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return f"{name} quality {max(1, round(quality))}"
