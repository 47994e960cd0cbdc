"""Widths of pixels that files state; read once, several at a time, and kept in the cache."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from leukokit.api import ImageRejected
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.memo import memo_rows
from leukokit.engine.cache.serialization import record_codec
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import CHANGED, unchanged_bytes
from leukokit.imageio.pixel_size import PixelSize, pixel_size

REVISION = 2
"""Raised when the same header is read otherwise."""
_PIXEL_SIZE = record_codec(PixelSize)


def file_pixel_sizes(
    items: Sequence[Item], *, frame: int | None, store: Store | None, threads: int
) -> list[PixelSize]:
    """Say how wide the pixels of each file are, in order; files of the same bytes are looked at once.

    What a file cannot say because it was changed since its digest was taken is not kept in the cache.
    """
    by_key = {item.key: item for item in items}
    unread: dict[str, PixelSize] = {}

    def read(keys: Sequence[str]) -> dict[str, PixelSize]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Pillow's, of tags that nothing here reads
            with ThreadPoolExecutor(max_workers=threads) as pool:
                sizes = pool.map(partial(_read, frame=frame), [by_key[key] for key in keys], chunksize=64)
                found = dict(zip(keys, sizes, strict=True))
        unread.update({key: size for key, (size, read) in found.items() if not read})
        return {key: size for key, (size, read) in found.items() if read}

    step = digest("pixel size", REVISION, frame)
    known = memo_rows(step, list(by_key), read, _PIXEL_SIZE, store=store, title="pixel size")
    every = known | unread
    return [every[item.key] for item in items]


def _read(item: Item, *, frame: int | None) -> tuple[PixelSize, bool]:
    """Pixel size, and whether the file could be read as it was."""
    if item.sample.rendered:
        return PixelSize(None, "the image is rendered and has no file"), True
    try:
        content = unchanged_bytes(item.sample, item.key)
    except ImageRejected as error:
        why = error.detail if error.reason == CHANGED else f"the file cannot be read ({error.detail})"
        return PixelSize(None, why), False
    try:
        return pixel_size(io.BytesIO(content), frame), True
    except OSError as error:
        return PixelSize(None, f"the file cannot be read ({error.strerror or error})"), True
