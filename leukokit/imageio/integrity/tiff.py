"""TIFF: the table of strips or tiles against the size of the image, and each of them to its end.

libtiff fills a strip and stops: it never reaches the checksum of a deflate stream, and does not ask whether
bytes are left over. Source: TIFF 6.0; codes of later compressions as in libtiff.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leukokit.errors import ImageRejected
from leukokit.imageio import jpeg as _jpeg
from leukokit.imageio.integrity.streams import damaged, inflated, unpacked_lzma

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_SAMPLES, _ROWS_PER_STRIP, _PLANAR, _SUBSAMPLING = 277, 278, 284, 530
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # strips, tiles
_TILE_WIDTH, _TILE_HEIGHT, _JPEG_TABLES = 322, 323, 347
_YCBCR = 6

_NONE, _LZW, _JPEG, _ADOBE_DEFLATE, _PACKBITS, _DEFLATE = 1, 5, 7, 8, 32773, 32946
_LZMA, _ZSTD = 34925, 50000
_FAX = (2, 3, 4)  # black and white; the check of the color mode rejects them
_CHECKED = (_NONE, _LZW, _JPEG, _ADOBE_DEFLATE, _PACKBITS, _DEFLATE, _LZMA, _ZSTD)
_READ_AT_16_BITS = (_NONE, _LZW, _ADOBE_DEFLATE, _PACKBITS, _DEFLATE)  # by OpenCV
_NAMES = {
    6: "old-style JPEG",
    _JPEG: "JPEG",
    _LZMA: "LZMA",
    _ZSTD: "Zstandard",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34933: "PNG",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_PADDING = 3  # bytes that a writer may put behind a stream, to begin the next one at a multiple of 4
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How an image is cut into strips or tiles.

    Attributes
    ----------
    width, height : int
        Size of the image, in px.
    columns, rows : int
        Size of a strip or tile, in px.
    tiled : bool
    planes : int
        1, or the number of channels where each has strips of its own.
    bits : int
        Bits of a pixel in a plane.
    block : tuple of int
        Width, height and bits of the smallest unit: of several pixels where color is subsampled.
    """

    width: int
    height: int
    columns: int
    rows: int
    tiled: bool
    planes: int
    bits: int
    block: tuple[int, int, int]

    def number(self) -> int:
        """Count the strips or tiles."""
        return self.planes * -(-self.width // self.columns) * -(-self.height // self.rows)

    def rows_of(self, index: int) -> int:
        """Rows of a strip or tile; the last strip has fewer."""
        down = -(-self.height // self.rows)
        last = not self.tiled and index % down == down - 1
        return self.height - (down - 1) * self.rows if last else self.rows

    def size(self, rows: int) -> int:
        """Bytes of ``rows`` rows of a strip or tile, unpacked."""
        width, height, bits = self.block
        return -(-rows // height) * -(-(-(-self.columns // width) * bits) // 8)


def check_readable(tags: Any) -> None:
    """Raise ``unsupported`` for a compression that leukokit's decoders do not read, such as WebP.

    Parameters
    ----------
    tags : mapping of int to value
        Pillow's ``tag_v2`` of the page.
    """
    compression = _tag(tags, _COMPRESSION, _NONE)
    readable: tuple[int, ...] = (*_CHECKED, *_FAX)
    depth = ""
    if _tag(tags, _BITS, 1) > 8:
        readable, depth = _READ_AT_16_BITS, f" of {_tag(tags, _BITS, 1)} bits a channel"
        if _tag(tags, _PLANAR, 1) == 2 and compression in readable:
            # OpenCV would read the planes as rows of pixels.
            raise ImageRejected(
                "unsupported",
                f"a TIFF file{depth} that keeps each channel apart; save it with interleaved channels",
            )
    if compression not in readable:
        name = _NAMES.get(compression, f"number {compression}")
        raise ImageRejected(
            "unsupported", f"a TIFF file{depth} with compression {name}; save it with deflate or LZW"
        )


def check(data: bytes, tags: Any) -> None:
    """Raise ``damaged`` where pixels of the page are missing or their streams are damaged.

    Parameters
    ----------
    data : bytes
        The whole file.
    tags : mapping of int to value
        Pillow's ``tag_v2`` of the page.
    """
    layout = _layout(tags)
    compression = _tag(tags, _COMPRESSION, _NONE)
    if compression not in _CHECKED:
        return
    reversed_bits = _tag(tags, _FILL_ORDER, 1) == 2 and compression != _JPEG
    for index, part in enumerate(_parts(data, tags, layout, compression)):
        name = f"{'tile' if layout.tiled else 'strip'} {index} of the TIFF file"
        stream = bytes(part).translate(_REVERSED) if reversed_bits else part
        rows = layout.rows_of(index)
        if compression == _JPEG:
            _check_jpeg(bytes(stream), tags, layout, rows, name)
            continue
        try:
            _check_part(stream, compression, layout.size(rows), name)
        except ImageRejected:
            # Some writers give the last strip as many rows as the others.
            if rows == layout.rows or layout.height < layout.rows:
                raise
            _check_part(stream, compression, layout.size(layout.rows), name)


def _tag(tags: Any, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _layout(tags: Any) -> _Layout:
    width, height = _tag(tags, _WIDTH, 0), _tag(tags, _HEIGHT, 0)
    samples, bits = _tag(tags, _SAMPLES, 1), _tag(tags, _BITS, 1)
    planes = samples if _tag(tags, _PLANAR, 1) == 2 else 1
    pixel = bits * (1 if planes > 1 else samples)
    tiled = _TILE_WIDTH in tags
    columns = _tag(tags, _TILE_WIDTH, width) if tiled else width
    rows = _tag(tags, _TILE_HEIGHT, height) if tiled else min(_tag(tags, _ROWS_PER_STRIP, height), height)
    if min(width, height, columns, rows, samples, bits) < 1:
        raise damaged(f"the TIFF header states {width} x {height} px in parts of {columns} x {rows} px")
    block = (1, 1, pixel)
    if _tag(tags, _PHOTOMETRIC, 2) == _YCBCR and planes == 1 and samples == 3:
        across, down = (int(value) for value in tags.get(_SUBSAMPLING, (2, 2)))
        block = (max(across, 1), max(down, 1), (across * down + 2) * bits)
    return _Layout(width, height, columns, rows, tiled, planes, pixel, block)


def _parts(data: bytes, tags: Any, layout: _Layout, compression: int) -> Iterator[memoryview]:
    """Contents of the strips or tiles, in order."""
    offsets = _numbers(tags, _OFFSETS[layout.tiled])
    counts = _numbers(tags, _COUNTS[layout.tiled])
    number = layout.number()
    if not any(counts):  # old writers leave them out
        if compression == _NONE:
            counts = tuple(layout.size(layout.rows_of(index)) for index in range(number))
        elif number == 1 and offsets:
            counts = (len(data) - offsets[0],)
    if len(offsets) != number or len(counts) != number:
        raise damaged(
            f"the TIFF file lists {len(offsets)} strips or tiles and {len(counts)} sizes, expected {number}"
        )
    view = memoryview(data)
    for offset, count in zip(offsets, counts, strict=True):
        if offset + count > len(data):
            raise damaged("the TIFF file ends before its last row")
        yield view[offset : offset + count]


def _numbers(tags: Any, tag: int) -> tuple[int, ...]:
    value = tags.get(tag, ())
    return tuple(value) if isinstance(value, tuple) else (int(value),)


def _check_part(stream: bytes | memoryview, compression: int, expected: int, name: str) -> None:
    if compression == _NONE:
        if len(stream) != expected:
            raise damaged(f"{name} has {len(stream)} bytes, its pixels need {expected}")
    elif compression in (_ADOBE_DEFLATE, _DEFLATE):
        for _ in inflated([stream], expected, name):
            pass
    elif compression == _LZMA:
        for _ in unpacked_lzma(stream, expected, name):
            pass
    elif compression == _ZSTD:
        _check_zstd(stream, expected, name)
    else:
        _check_length(stream, compression, expected, name)


def _check_zstd(stream: bytes | memoryview, expected: int, name: str) -> None:
    import pyarrow

    try:
        pyarrow.decompress(stream, decompressed_size=expected, codec="zstd")
    except (pyarrow.ArrowException, OSError) as error:
        raise damaged(f"{name} does not decode: {error}") from error


def _check_length(stream: bytes | memoryview, compression: int, expected: int, name: str) -> None:
    from leukokit.imageio.integrity.lengths import CORRUPT, lzw_length, packbits_length

    if compression == _LZW and stream[:1] == b"\0" and stream[1:2] and stream[1] & 1:
        return  # written before TIFF 6.0, with the bits of codes in the other order; libtiff reads it
    length = packbits_length(stream) if compression == _PACKBITS else lzw_length(stream, 8, tiff=True)
    if length.size == CORRUPT:
        raise damaged(f"{name} does not decode: it uses a code that is not defined yet")
    if length.size != expected:
        raise damaged(f"{name} holds {length.size} bytes, its pixels need {expected}")
    if not -_PADDING <= length.used - len(stream) <= 0:
        raise damaged(f"{name} ends after {length.used} of {len(stream)} bytes")


def _check_jpeg(stream: bytes, tags: Any, layout: _Layout, rows: int, name: str) -> None:
    """Check a strip or tile as a JPEG file, with the tables that all of them share."""
    tables = tags.get(_JPEG_TABLES, b"")
    if len(tables) > 4:  # without its end marker, and the strip without its start marker
        stream = bytes(tables)[:-2] + stream[2:]
    try:
        header = _jpeg.check(stream)
    except ImageRejected as error:
        raise ImageRejected(error.reason, f"{name}: {error.detail}") from error
    if header.width != layout.columns or header.height not in (rows, layout.rows):
        raise damaged(
            f"{name} is a JPEG of {header.width} x {header.height} px, expected {layout.columns} x {rows} px"
        )
