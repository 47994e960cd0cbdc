"""PNG: checksums of the chunks, and the compressed stream up to its own checksum.

Decoders stop as soon as they have enough pixels, fill in what is missing, or skip what they do not know, so
the file is checked before it is decoded. Source: PNG, third edition (W3C, 2025).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from leukokit.imageio.integrity.streams import damaged, inflated

_SIGNATURE = 8  # bytes
_HIGHEST_FILTER = 4  # section 9.2: None, Sub, Up, Average, Paeth
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
# Section 8.1, Adam7: first column, first row, column step, row step of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(slots=True)
class _Picture:
    """Size of a frame, in px, and the parts of its compressed stream."""

    width: int
    height: int
    parts: list[memoryview] = field(default_factory=list)


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Names and contents of all chunks up to ``IEND``, their checksums checked.

    Raises
    ------
    ImageRejected
        ``damaged``.
    """
    view, offset, name = memoryview(data), _SIGNATURE, b""
    while name != b"IEND":
        length = int.from_bytes(view[offset : offset + 4], "big")
        name = bytes(view[offset + 4 : offset + 8])
        end = offset + 8 + length
        if end + 4 > len(data):
            raise damaged(f"the PNG file ends early, at byte {len(data)}")
        if zlib.crc32(view[offset + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise damaged(f"the checksum of PNG chunk {name!r} at byte {offset} is wrong")
        yield name, view[offset + 8 : end]
        offset = end + 4


def check(data: bytes, frame: int = 0) -> None:
    """Raise ``damaged`` where the file is incomplete or a checksum is wrong.

    Parameters
    ----------
    data : bytes
        The whole file.
    frame : int
        Index of the frame that is wanted, from 0; streams of later ones are not unpacked.
    """
    header, pictures = b"", list[_Picture]()
    for name, body in chunks(data):
        if name == b"IHDR":
            header = bytes(body)
        elif name == b"fcTL":
            pictures.append(_Picture(_number(body, 4), _number(body, 8)))
        elif name == b"IDAT":
            if not pictures:
                pictures.append(_Picture(_number(header, 0), _number(header, 4)))
            pictures[0].parts.append(body)
        elif name == b"fdAT" and pictures:
            pictures[-1].parts.append(body[4:])
    if len(header) != 13 or not pictures or not pictures[0].parts:
        raise damaged("the PNG file holds no pixels")
    # A picture before the animation is not one of its frames, but Pillow counts it as frame 0.
    for picture in pictures[: frame + 1]:
        _check_stream(picture, header)


def _number(body: bytes | memoryview, offset: int) -> int:
    return int.from_bytes(body[offset : offset + 4], "big")


def _passes(picture: _Picture, header: bytes) -> list[tuple[int, int]]:
    """Bytes in a row, with the filter byte, and number of rows, of each pass."""
    bits, color_type, interlaced = header[8], header[9], header[12]
    if color_type not in _SAMPLES:
        raise damaged(f"the PNG header states color type {color_type}, which does not exist")
    steps = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = []
    for left, top, across, down in steps:
        columns = -(-(picture.width - left) // across)
        rows = -(-(picture.height - top) // down)
        if columns > 0 and rows > 0:
            sizes.append((1 + -(-columns * bits * _SAMPLES[color_type] // 8), rows))
    return sizes


def _check_stream(picture: _Picture, header: bytes) -> None:
    sizes = _passes(picture, header)
    total = sum(row * rows for row, rows in sizes)
    remaining = [(row, row * rows) for row, rows in sizes]
    position = 0  # in the pass
    for piece in inflated(picture.parts, total, "the PNG stream"):
        values = np.frombuffer(piece, np.uint8)
        while values.size and remaining:
            row, size = remaining[0]
            taken = values[: size - position]
            filters = taken[-position % row :: row]
            if filters.size and filters.max() > _HIGHEST_FILTER:
                raise damaged(f"a row of the PNG file has filter {filters.max()}, which does not exist")
            position += taken.size
            values = values[taken.size :]
            if position == size:
                position = 0
                remaining.pop(0)
