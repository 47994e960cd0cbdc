"""Size, compression, camera and software of image files, read once and kept in the cache."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image
from PIL.ExifTags import Base

from leukokit.api import ImageRejected
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.memo import memo_rows
from leukokit.engine.cache.serialization import record_codec
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import unchanged_bytes

REVISION = 3
"""Increased whenever the description of a file changes."""

_LONGEST_NAME = 80  # characters
_STANDARD_SUM = 3688  # of the luminance table in ITU-T T.81, annex K.1


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's size, compression, camera and software.

    Attributes
    ----------
    size : int or None
        In bytes; None where an image has no file.
    compression : str
        Format by content, for JPEG with the quality that its luminance table implies; empty without a file.
    device : str
        Make, model and software that the file names; empty where it names none.
    """

    size: int | None
    compression: str
    device: str = ""


_UNKNOWN = FileFacts(None, "unknown")
_FACTS = record_codec(FileFacts)


def file_facts(items: Sequence[Item], store: Store | None, threads: int) -> list[FileFacts]:
    """Describe the file of each item, in order; it is read once for its copies and for all its cells.

    A file that was changed or removed since its digest was taken is not described, and is looked at again
    next time.
    """
    # The first cell of an image stands for its others: their file is the same.
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(item.sample.whole.id, item)
    of_file = [first[item.sample.whole.id] for item in items]
    by_key = {item.key: item for item in of_file}

    def described(keys: Sequence[str]) -> dict[str, FileFacts]:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            facts = pool.map(_describe, [by_key[key] for key in keys], chunksize=64)
            pairs = zip(keys, facts, strict=True)
            return {key: described for key, described in pairs if described is not None}

    step, title = digest("audit file facts", REVISION, code_digest(__name__)), "audit file facts"
    known = memo_rows(step, list(by_key), described, _FACTS, store=store, title=title)
    return [known.get(item.key, _UNKNOWN) for item in of_file]


def _describe(item: Item) -> FileFacts | None:
    if item.sample.rendered:
        return FileFacts(None, "")
    try:
        content = unchanged_bytes(item.sample, item.key)
    except ImageRejected:
        return None
    try:
        with Image.open(io.BytesIO(content)) as image:
            return FileFacts(len(content), _compression(image), _device(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return FileFacts(len(content), "unknown")


def _device(image: Image.Image) -> str:
    """Make, model and software in EXIF or TIFF tags, or software in the text of a PNG file."""
    exif = image.getexif()
    named = [exif.get(tag) for tag in (Base.Make, Base.Model, Base.Software)]
    if not any(named):
        named = [image.info.get("Software")]
    words = [str(value).strip("\0 ") for value in named if isinstance(value, str)]
    return ", ".join(word[:_LONGEST_NAME] for word in words if word)


def _compression(image: Image.Image) -> str:
    tables = getattr(image, "quantization", None)
    name = image.format or "unknown"
    if not tables:
        return name
    # Independent JPEG Group: table = standard * scale / 100; scale = 200 - 2 quality, or 5000 / quality.
    scale = 100 * sum(tables[0]) / _STANDARD_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return f"{name} quality {max(1, round(quality))}"
