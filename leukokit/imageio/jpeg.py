"""JPEG: what the markers say, and a decoder that refuses damaged files."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
import simplejpeg

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected
from leukokit.imageio import pixels as _pixels

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU T.81, table B.1: all but DHT, JPG, DAC
_DECODABLE = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended sequential, progressive; all Huffman
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_SCAN, _END = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What stands before the scan.

    Attributes
    ----------
    width, height : int
        As stored, in px.
    components : int
        1 gray, 3 color, 4 CMYK.
    orientation : int
        EXIF orientation, 1..8.
    several : bool
        True where further images follow the first (CIPA DC-007).
    end : int
        Place of the frame header, behind which the scans begin.
    """

    width: int
    height: int
    components: int
    orientation: int
    several: bool
    end: int


def read_header(data: bytes) -> JpegHeader:
    """Walk the markers up to the frame header; no pixel is decoded.

    Raises
    ------
    ImageRejected
        ``damaged`` where there is no whole header; ``unsupported`` for 12 bits, lossless and arithmetic.
    """
    exif, several, at = b"", False, 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if len(data) < at + 4 or data[at] != 0xFF:
            raise ImageRejected("damaged", "the JPEG header ends before it says how large the image is")
        marker = data[at + 1]
        if marker in _ALONE:
            at += 2
            continue
        body, length = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            width, height, components = _frame(data, body, marker)
            return JpegHeader(width, height, components, _orientation(exif), several, body)
        if marker in (_SCAN, _END) or length < 2:
            raise ImageRejected("damaged", "the JPEG file has no frame header")
        if marker == 0xE1 and data[body : body + 6] == b"Exif\0\0":
            exif = data[body : at + 2 + length]
        elif marker == 0xE2 and data[body : body + 4] == b"MPF\0":
            several = True
        at += 2 + length


def decode(data: bytes, frame: int | None, max_pixels: int) -> tuple[RGBImage, tuple[str, ...]]:
    """Decode a JPEG; pixels and notes.

    ``simplejpeg`` in strict mode turns every warning of libjpeg into an error. OpenCV and plain libjpeg
    fill the missing part of a truncated file with gray instead and say nothing.
    """
    header = read_header(data)
    _pixels.check_size((header.width, header.height), max_pixels)
    _pixels.chosen_frame(1, frame)
    _check_scans(data, header.end)
    notes: tuple[str, ...] = ()
    if header.components == 3:
        rgb = _strict(data, "RGB")
    elif header.components == 4:
        _strict(data, "CMYK")  # for its judgment alone: Pillow knows about Adobe's inverted inks
        rgb, notes = _from_cmyk(data), (_pixels.CMYK_NOTE,)
    elif header.components == 1:
        raise _pixels.gray("JPEG")
    else:
        raise ImageRejected("unsupported", f"a JPEG of {header.components} channels")
    if header.several:
        notes = (*notes, "further images follow the first one in the file (previews); the first is used")
    if header.orientation != 1:
        rgb, notes = _pixels.turned(rgb, header.orientation), notes + _pixels.turn_note(header.orientation)
    return rgb, notes


def _frame(data: bytes, body: int, marker: int) -> tuple[int, int, int]:
    try:
        precision, height, width, components = struct.unpack_from(">BHHB", data, body)
    except struct.error:
        raise ImageRejected("damaged", "the JPEG file ends inside its frame header") from None
    if precision != 8:
        raise ImageRejected("unsupported", f"a JPEG of {precision} bits a channel; save it with 8")
    if marker not in _DECODABLE:
        raise ImageRejected(
            "unsupported", f"lossless or arithmetic JPEG (SOF{marker - 0xC0}); save it as PNG or plain JPEG"
        )
    if not width or not height:
        raise ImageRejected("damaged", f"the JPEG header states a size of {width} x {height}")
    return width, height, components


def _check_scans(data: bytes, start: int) -> None:
    """Raise ``damaged`` for bytes that no encoder writes into a scan.

    A byte FF is followed by 00 there, or by a marker, before which FF may be repeated (ITU T.81, B.1.1.2 and
    B.1.1.5). FF FF 00 is neither; libjpeg reads it as one FF and says nothing: 5 of 163 real files with 64
    bytes overwritten by FF passed.
    """
    end = data.find(b"\xff\xd9", start)
    if data.find(b"\xff\xff\x00", start, end if end >= 0 else len(data)) >= 0:
        raise ImageRejected("damaged", "the JPEG scan holds bytes that no encoder writes")


def _strict(data: bytes, colorspace: str) -> RGBImage:
    try:
        image: RGBImage = simplejpeg.decode_jpeg(data, colorspace, strict=True)
    except ValueError as error:
        raise ImageRejected("damaged", f"the JPEG decoder stopped: {error}") from error
    return image


def _from_cmyk(data: bytes) -> RGBImage:
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        return np.array(JpegImageFile(io.BytesIO(data)).convert("RGB"))
    except Exception as error:  # what a second decoder makes of odd markers
        raise ImageRejected("damaged", f"the JPEG decoder stopped: {error}") from error


def _orientation(exif: bytes) -> int:
    if not exif:
        return 1
    from PIL.Image import Exif

    try:
        tags = Exif()
        tags.load(exif)
        value = tags.get(0x0112, 1)
    except Exception:  # metadata that cannot be read says nothing about the pixels
        return 1
    return value if value in range(1, 9) else 1
