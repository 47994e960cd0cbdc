"""Number of bytes that LZW and PackBits streams unpack to, without unpacking them.

A stream that was damaged nearly always unpacks to another number of bytes than before, or ends at another
place. Decoders do not notice: they stop when the image is full.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_MOST_BITS = 12
CORRUPT = -1


class Length(NamedTuple):
    """What is known of a stream after reading it to its end.

    Attributes
    ----------
    size : int
        Bytes that the stream unpacks to; ``CORRUPT`` where it uses a code that is not defined yet.
    used : int
        Bytes of the stream up to its end code.
    ended : bool
        Whether there was an end code.
    """

    size: int
    used: int
    ended: bool


def lzw_length(stream: bytes | memoryview, first_bits: int, *, tiff: bool) -> Length:
    """Walk through an LZW stream.

    Parameters
    ----------
    stream : bytes
    first_bits : int
        Bits of a value: 8 in TIFF, the minimum code size in GIF.
    tiff : bool
        True for TIFF (TIFF 6.0, section 13): most significant bit first, codes grow one code early. False for
        GIF (GIF89a, appendix F).
    """
    return Length(*_walk_lzw(np.frombuffer(stream, np.uint8), first_bits, tiff))


def packbits_length(stream: bytes | memoryview) -> Length:
    """Walk through a PackBits stream (TIFF 6.0, section 9)."""
    size, used = _walk_packbits(np.frombuffer(stream, np.uint8))
    return Length(size, used, used == len(stream))


@njit(cache=True, nogil=True)
def _walk_lzw(stream: NDArray[np.uint8], first_bits: int, tiff: bool) -> tuple[int, int, bool]:
    clear, end = 1 << first_bits, (1 << first_bits) + 1
    lengths = np.ones(1 << _MOST_BITS, np.int64)
    early = 1 if tiff else 0
    free, width, last, size = end + 1, first_bits + 1, 0, 0
    place, window, ready = 0, 0, 0  # next byte; bits that are read but not used, and their number
    while True:
        while ready < width:
            if place == stream.size:
                return size, place, False
            if tiff:
                window = (window << 8 | int(stream[place])) & 0xFFFFFF
            else:
                window |= int(stream[place]) << ready
            ready += 8
            place += 1
        ready -= width
        if tiff:
            code = (window >> ready) & ((1 << width) - 1)
        else:
            code = window & ((1 << width) - 1)
            window >>= width
        if code == end:
            return size, place, True
        if code == clear:
            free, width, last = end + 1, first_bits + 1, 0
            continue
        if code > free or (code == free and last == 0):
            return CORRUPT, place, False
        if last > 0 and free < (1 << _MOST_BITS):
            lengths[free] = last + 1
            free += 1
        last = 1 if code < clear else int(lengths[code])
        size += last
        if free + early >= (1 << width) and width < _MOST_BITS:
            width += 1


@njit(cache=True, nogil=True)
def _walk_packbits(stream: NDArray[np.uint8]) -> tuple[int, int]:
    size, place = 0, 0
    while place < stream.size:
        head = int(stream[place])
        if head < 128:
            size += head + 1
            place += head + 2
        elif head > 128:
            size += 257 - head
            place += 2
        else:  # does nothing
            place += 1
    return size, place
