"""Compressed streams, unpacked piece by piece to their end, where their checksums are."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterable, Iterator

from leukokit.errors import ImageRejected

Bytes = bytes | memoryview

_PIECE = 1 << 20  # bytes that are unpacked at a time: an image of 268 MB must not be held twice


def damaged(detail: str) -> ImageRejected:
    """Build the rejection of a damaged file."""
    return ImageRejected("damaged", detail)


def inflated(parts: Iterable[Bytes], limit: int, what: str) -> Iterator[bytes]:
    """Unpack a zlib stream that is stored in several parts, and check its Adler-32.

    Parameters
    ----------
    parts : iterable of bytes
    limit : int
        Bytes that the stream must hold; unpacking stops after them, so that a zip bomb does no harm.
    what : str
        Name of the stream, for messages.

    Raises
    ------
    ImageRejected
        ``damaged``: the stream is broken, ends early, holds too much, or its checksum is wrong.
    """
    decompressor = zlib.decompressobj()
    size = 0
    try:
        for part in parts:
            rest: Bytes = part
            while len(rest) and not decompressor.eof:
                piece = decompressor.decompress(rest, _PIECE)
                rest = decompressor.unconsumed_tail
                size += len(piece)
                if size > limit:
                    raise damaged(f"{what} holds more than the {limit} bytes of the image")
                yield piece
    except zlib.error as error:
        raise damaged(f"{what} does not decode: {error}") from error
    _check_end(decompressor.eof, size, limit, what)


def unpacked_lzma(data: Bytes, limit: int, what: str) -> Iterator[bytes]:
    """Unpack an xz stream, as :func:`inflated` does; its own checksums are checked."""
    decompressor = lzma.LZMADecompressor()
    size, rest = 0, bytes(data)
    try:
        while not decompressor.eof:
            piece = decompressor.decompress(rest, _PIECE)
            rest = b""
            if not piece and not decompressor.eof:
                break
            size += len(piece)
            if size > limit:
                raise damaged(f"{what} holds more than the {limit} bytes of the image")
            yield piece
    except lzma.LZMAError as error:
        raise damaged(f"{what} does not decode: {error}") from error
    _check_end(decompressor.eof, size, limit, what)


def _check_end(ended: bool, size: int, expected: int, what: str) -> None:
    if not ended:
        raise damaged(f"{what} ends early, after {size} of {expected} bytes")
    if size != expected:
        raise damaged(f"{what} holds {size} bytes, the image needs {expected}")
