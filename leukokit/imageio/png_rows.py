"""PNG files of 16 bits a channel, decoded a block of rows at a time.

OpenCV decodes whole files, and then holds all pixels twice: 1.1 GB for the largest image. Here each block
becomes a small PNG file of its own: the row above it, which the filters of its first row need, as it was
decoded, and then its rows as they are in the file. So OpenCV gives the same pixels as for the whole file.
Source: PNG, third edition (W3C, 2025), section 9.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from leukokit.errors import ImageRejected
from leukokit.imageio.integrity.png import chunks
from leukokit.imageio.integrity.streams import Bytes, inflated

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}  # by color type: RGB, RGBA
_INTERLACE = 12  # byte of the header
_NOT_FILTERED = b"\0"


def can_be_divided(data: bytes) -> bool:
    """Whether the rows of a 16-bit color image are in the file one after the other, and nothing else counts.

    An interlaced image has seven passes. Transparency of one color (``tRNS``) is left to the whole decoder.
    """
    names = {name for name, _ in chunks(data)}
    header = _header(data)
    return header[9] in _CHANNELS and not header[_INTERLACE] and not names & {b"tRNS", b"acTL"}


def row_blocks(data: bytes, rows: int) -> Iterator[NDArray[np.uint16]]:
    """Decode an image of 16 bits a channel that can be divided.

    Parameters
    ----------
    data : bytes
        The whole file, checked before.
    rows : int
        Rows of a block.

    Yields
    ------
    uint16 array, rows x W x 3 or 4
        Blue, green, red, alpha. The last block may have fewer rows.

    Raises
    ------
    ImageRejected
        ``damaged``.
    """
    import cv2

    header = _header(data)
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    channels = _CHANNELS[header[9]]
    length = 1 + 2 * channels * width
    parts = [body for name, body in chunks(data) if name == b"IDAT"]
    above = b""
    for stream in _pieces(inflated(parts, length * height, "the PNG stream"), length * rows):
        count = len(stream) // length + bool(above)
        file = _file(width, count, header[8:], [above, stream])
        block = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
        if block is None or block.shape != (count, width, channels) or block.dtype != np.uint16:
            raise ImageRejected("damaged", "the 16-bit PNG file does not decode")
        yield np.asarray(block[1:] if above else block, dtype=np.uint16)
        order = [2, 1, 0, 3][:channels]
        above = _NOT_FILTERED + block[-1][:, order].astype(">u2").tobytes()


def _header(data: bytes) -> bytes:
    return bytes(next(body for name, body in chunks(data) if name == b"IHDR"))


def _pieces(stream: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Divide a stream into pieces of one size; the last may be shorter."""
    waiting = bytearray()
    for piece in chain(stream, [b""]):
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


def _file(width: int, height: int, rest: bytes, stream: Sequence[Bytes]) -> bytes:
    """Write a PNG file; the stream is not compressed."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + rest
    packed = zlib.compress(b"".join(stream), 0)
    return b"".join([_SIGNATURE, _chunk(b"IHDR", head), _chunk(b"IDAT", packed), _chunk(b"IEND", b"")])


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
