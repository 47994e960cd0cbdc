"""Widths of pixels that files state; read once, several at a time, and kept in the cache."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from leukokit.api import ImageRejected
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.memo import memo_rows
from leukokit.engine.cache.serialization import record_codec
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import ImageStage, Item, Rejection
from leukokit.engine.images.work import changed_image
from leukokit.engine.io.reading import CHANGED, unchanged_bytes
from leukokit.imageio.pixel_size import PixelSize, pixel_size

REVISION = 2
"""Raised when the same header is read otherwise."""
_PIXEL_SIZE = record_codec(PixelSize)


def file_pixel_sizes(
    items: Sequence[Item], *, frame: int | None, store: Store | None, threads: int
) -> list[PixelSize]:
    """Say how wide the pixels of each file are, in order; files of the same bytes are looked at once.

    Raises
    ------
    RunFailed
        Where a file was changed since its digest was taken.
    """
    by_key = {item.key: item for item in items}

    def read(keys: Sequence[str]) -> dict[str, PixelSize]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Pillow's, of tags that nothing here reads
            with ThreadPoolExecutor(max_workers=threads) as pool:
                sizes = pool.map(partial(_read, frame=frame), [by_key[key] for key in keys], chunksize=64)
                return dict(zip(keys, sizes, strict=True))

    step = digest("pixel size", REVISION, code_digest(__name__), frame)
    known = memo_rows(step, list(by_key), read, _PIXEL_SIZE, store=store, title="pixel size")
    return [known[item.key] for item in items]


def _read(item: Item, *, frame: int | None) -> PixelSize:
    if item.sample.rendered:
        return PixelSize(None, "the image is rendered and has no file")
    try:
        return pixel_size(io.BytesIO(unchanged_bytes(item.sample, item.key)), frame)
    except ImageRejected as error:
        if error.reason == CHANGED:
            rejection = Rejection(ImageStage.READ, error.reason, error.detail)
            raise changed_image(item, rejection) from error
        return PixelSize(None, f"the file cannot be read ({error.detail})")
    except OSError as error:
        return PixelSize(None, f"the file cannot be read ({error.strerror or error})")
