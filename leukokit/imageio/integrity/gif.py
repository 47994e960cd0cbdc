"""GIF: its blocks up to the trailer, and the number of pixels in each frame.

Source: GIF89a specification (CompuServe, 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

from leukokit.imageio.integrity.lengths import CORRUPT, lzw_length
from leukokit.imageio.integrity.streams import damaged

_SCREEN = 13  # bytes of signature and logical screen descriptor
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_PADDING = 1  # bytes behind the end code


@dataclass(frozen=True, slots=True)
class _Frame:
    """Size of a frame, in px, its minimum code size and its LZW stream."""

    width: int
    height: int
    bits: int
    stream: bytes


def check(data: bytes, frame: int = 0) -> None:
    """Raise ``damaged`` where blocks are missing, or a frame up to ``frame`` has another number of pixels."""
    try:
        frames = _frames(data)
    except IndexError:
        raise damaged("the GIF file ends before its trailer") from None
    if not frames:
        raise damaged("the GIF file holds no pixels")
    for index, picture in enumerate(frames[: frame + 1]):
        length = lzw_length(picture.stream, picture.bits, tiff=False)
        expected = picture.width * picture.height
        if length.size == CORRUPT:
            raise damaged(f"frame {index} of the GIF file does not decode: a code is not defined yet")
        if length.size != expected:
            raise damaged(f"frame {index} of the GIF file holds {length.size} pixels, expected {expected}")
        if length.ended and len(picture.stream) - length.used > _PADDING:
            raise damaged(f"frame {index} of the GIF file continues after its end code")


def _frames(data: bytes) -> list[_Frame]:
    """Frames of a file; raise IndexError where it ends before its trailer."""
    frames: list[_Frame] = []
    screen = (int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    offset = _SCREEN + _color_table(data[10])
    while data[offset] != _TRAILER:
        if data[offset] == _IMAGE:
            left, top, width, height = (
                int.from_bytes(data[at : at + 2], "little") for at in range(offset + 1, offset + 9, 2)
            )
            if left + width > screen[0] or top + height > screen[1]:
                raise damaged(f"frame {len(frames)} of the GIF file is larger than the image")
            offset += 10 + _color_table(data[offset + 9])
            bits = data[offset]
            if not 1 <= bits <= 8:
                raise damaged(f"frame {len(frames)} of the GIF file has values of {bits} bits")
            stream, offset = _blocks(data, offset + 1)
            frames.append(_Frame(width, height, bits, stream))
        elif data[offset] == _EXTENSION:
            _, offset = _blocks(data, offset + 2)
        else:
            raise damaged(f"the GIF file holds an unknown block at byte {offset}")
    return frames


def _color_table(flags: int) -> int:
    """Bytes of a color table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, offset: int) -> tuple[bytes, int]:
    """Contents of the blocks that begin at ``offset``, and the offset behind them."""
    parts = []
    while length := data[offset]:
        parts.append(data[offset + 1 : offset + 1 + length])
        offset += 1 + length
    return b"".join(parts), offset + 1
