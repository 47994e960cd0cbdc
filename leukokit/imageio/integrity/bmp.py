"""BMP: the sizes in the header against one another and against the length of the file.

Rows are not compressed and have no checksum, so a changed byte among them cannot be noticed.
"""

from __future__ import annotations

import struct

from leukokit.imageio.integrity.streams import damaged

_CORE_HEADER = 12  # bytes; OS/2 1.x
_RLE = (1, 2)
_PADDING = 3  # bytes behind the last row that some programs count


def check(data: bytes) -> None:
    """Raise ``damaged`` where rows are missing, or the header contradicts itself."""
    try:
        file_size, offset, header = struct.unpack_from("<I4xII", data, 2)
        if header == _CORE_HEADER:
            width, height, bits = struct.unpack_from("<HH2xH", data, 18)
            compression = stated = 0
        else:
            width, height, bits, compression, stated = struct.unpack_from("<ii2xHII", data, 18)
    except struct.error:
        raise damaged("the BMP file ends inside its header") from None
    available = len(data) - offset
    if compression in _RLE:
        stream = data[offset : offset + stated] if stated else data[offset:]
        if stated > available or not stream.rstrip(b"\0").endswith(b"\1"):  # end of bitmap: 0, 1
            raise damaged("the BMP file ends before its last row")
        return
    needed = (width * bits + 31) // 32 * 4 * abs(height)
    if needed > available:
        raise damaged(f"the BMP file ends before its last row: {available} of {needed} bytes")
    # One of the three is right in the files of every program; after damage to width or height none is.
    sizes = (stated, file_size - offset, available)
    if not any(0 <= size - needed <= _PADDING for size in sizes):
        raise damaged(f"the BMP header states {width} x {height} px, which does not fit the sizes it states")
