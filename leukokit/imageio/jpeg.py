"""JPEG: header, and a decoder that rejects damaged files."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
import simplejpeg

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected
from leukokit.imageio import pixels as _pixels

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {
    0xC4,
    0xC8,
    0xCC,
}  # ITU T.81, table B.1: all but DHT, JPG, DAC
_DECODABLE = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended sequential, progressive; all Huffman
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_SCAN, _END = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Properties of a JPEG file before its first scan.

    Attributes
    ----------
    width, height : int
        Stored size, in px.
    components : int
        1 gray, 3 color, 4 CMYK.
    orientation : int
        EXIF orientation, 1..8.
    has_more_images : bool
        True where further images follow the first (CIPA DC-007).
    scan_start : int
        Offset of the frame header, after which the scans follow.
    """

    width: int
    height: int
    components: int
    orientation: int
    has_more_images: bool
    scan_start: int


def read_header(data: bytes) -> JpegHeader:
    """Read the markers up to the frame header, without decoding pixels.

    Raises
    ------
    ImageRejected
        ``damaged`` where the header is incomplete; ``unsupported`` for 12-bit, lossless and arithmetic JPEG.
    """
    exif, has_more_images, offset = b"", False, 2
    while True:
        while data[offset : offset + 2] == b"\xff\xff":  # fill bytes
            offset += 1
        if len(data) < offset + 4 or data[offset] != 0xFF:
            raise ImageRejected("damaged", "the JPEG header ends before it says how large the image is")
        marker = data[offset + 1]
        if marker in _WITHOUT_LENGTH:
            offset += 2
            continue
        body, length = offset + 4, int.from_bytes(data[offset + 2 : offset + 4], "big")
        if marker in _FRAME_MARKERS:
            width, height, components = _frame(data, body, marker)
            return JpegHeader(width, height, components, _orientation(exif), has_more_images, body)
        if marker in (_SCAN, _END) or length < 2:
            raise ImageRejected("damaged", "the JPEG file has no frame header")
        if marker == 0xE1 and data[body : body + 6] == b"Exif\0\0":
            exif = data[body : offset + 2 + length]
        elif marker == 0xE2 and data[body : body + 4] == b"MPF\0":
            has_more_images = True
        offset += 2 + length


def decode(data: bytes, frame: int | None, max_pixels: int) -> tuple[RGBImage, tuple[str, ...]]:
    """Decode a JPEG; return pixels and notes.

    ``simplejpeg`` in strict mode turns every warning of libjpeg into an error. OpenCV and libjpeg by default
    silently fill the missing part of a truncated file with gray.
    """
    header = read_header(data)
    _pixels.check_size((header.width, header.height), max_pixels)
    _pixels.select_frame(1, frame)
    _check_scans(data, header.scan_start)
    notes: tuple[str, ...] = ()
    if header.components == 3:
        rgb = _decode_strictly(data, "RGB")
    elif header.components == 4:
        _decode_strictly(data, "CMYK")  # only as a check: Pillow handles Adobe's inverted inks
        rgb, notes = _from_cmyk(data), (_pixels.CMYK_NOTE,)
    elif header.components == 1:
        raise _pixels.gray_image_error("JPEG")
    else:
        raise ImageRejected("unsupported", f"a JPEG of {header.components} channels")
    if header.has_more_images:
        notes = (*notes, "further images follow the first one in the file (previews); the first is used")
    if header.orientation != 1:
        rgb, notes = (
            _pixels.upright(rgb, header.orientation),
            notes + _pixels.orientation_note(header.orientation),
        )
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

    In a scan a byte FF is followed by 00, or by a marker, before which FF may be repeated (ITU T.81, B.1.1.2
    and B.1.1.5). FF FF 00 is neither, but libjpeg silently reads it as one FF: it accepted 5 of 163 real
    files with 64 bytes overwritten by FF.
    """
    stop = data.find(b"\xff\xd9", start)
    if data.find(b"\xff\xff\x00", start, stop if stop >= 0 else len(data)) >= 0:
        raise ImageRejected("damaged", "the JPEG scan holds bytes that no encoder writes")


def _decode_strictly(data: bytes, colorspace: str) -> RGBImage:
    try:
        image: RGBImage = simplejpeg.decode_jpeg(data, colorspace, strict=True)
    except ValueError as error:
        raise ImageRejected("damaged", f"the JPEG decoder stopped: {error}") from error
    return image


def _from_cmyk(data: bytes) -> RGBImage:
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        return np.array(JpegImageFile(io.BytesIO(data)).convert("RGB"))
    except Exception as error:  # the second decoder fails on other markers
        raise ImageRejected("damaged", f"the JPEG decoder stopped: {error}") from error


def _orientation(exif: bytes) -> int:
    if not exif:
        return 1
    from PIL.Image import Exif

    try:
        tags = Exif()
        tags.load(exif)
        value = tags.get(0x0112, 1)
    except Exception:  # unreadable metadata do not affect the pixels
        return 1
    return value if value in range(1, 9) else 1
