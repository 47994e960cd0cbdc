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
from leukokit.imageio.color.profile import Conversion, conversion_of

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {
    0xC4,
    0xC8,
    0xCC,
}  # ITU T.81, table B.1: all but DHT, JPG, DAC
_DECODABLE = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended sequential, progressive; all Huffman
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_QUANTIZATION, _SCAN, _END = 0xDB, 0xDA, 0xD9
_ICC = b"ICC_PROFILE\0"  # ICC.1:2022, annex B.4: followed by number, count and a part of the profile
# Sampling factors of the first channel, where the other two have 1 x 1, that libjpeg-turbo knows. It also
# reads equivalent factors, so they are checked only after it refused a file.
_SUBSAMPLINGS = frozenset({(1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (1, 4)})
_ZERO_RUN = bytes(128)


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
    sampling : tuple of (int, int)
        Horizontal and vertical sampling factor of each channel.
    progressive : bool
    icc : bytes or None
        Color profile; None where there is none.
    """

    width: int
    height: int
    components: int
    orientation: int
    has_more_images: bool
    scan_start: int
    sampling: tuple[tuple[int, int], ...] = ()
    progressive: bool = False
    icc: bytes | None = None


def read_header(data: bytes) -> JpegHeader:
    """Read the markers up to the frame header, without decoding pixels.

    Raises
    ------
    ImageRejected
        ``damaged`` where the header is incomplete; ``unsupported`` for 12-bit, lossless and arithmetic JPEG.
    """
    exif, has_more_images, offset = b"", False, 2
    icc: list[bytes] = []
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
            return JpegHeader(
                width,
                height,
                components,
                _orientation(exif),
                has_more_images,
                body,
                tuple((factors >> 4, factors & 15) for factors in data[body + 7 : offset + 2 + length : 3]),
                marker == 0xC2,
                _joined_profile(icc),
            )
        if marker in (_SCAN, _END) or length < 2:
            raise ImageRejected("damaged", "the JPEG file has no frame header")
        if marker == 0xE1 and data[body : body + 6] == b"Exif\0\0":
            exif = data[body : offset + 2 + length]
        elif marker == 0xE2 and data[body : body + 4] == b"MPF\0":
            has_more_images = True
        elif marker == 0xE2 and data[body : body + len(_ICC)] == _ICC:
            icc.append(data[body + len(_ICC) : offset + 2 + length])
        elif marker == _QUANTIZATION:
            _check_quantization(data[body : offset + 2 + length])
        offset += 2 + length


def decode(data: bytes, frame: int | None, max_pixels: int) -> tuple[RGBImage, tuple[str, ...]]:
    """Decode a JPEG; return pixels and notes.

    ``simplejpeg`` in strict mode turns every warning of libjpeg into an error. OpenCV and libjpeg by default
    silently fill the missing part of a truncated file with gray.
    """
    header = read_header(data)
    _pixels.check_size((header.width, header.height), max_pixels)
    _pixels.select_frame(1, frame)
    _check_scans(data, header)
    notes: tuple[str, ...] = ()
    if header.components == 3:
        rgb = _decode_strictly(data, "RGB", header)
        if header.icc is not None:
            conversion = conversion_of(header.icc)
            rgb, notes = conversion.apply_to_pixels(rgb), tuple(filter(None, [conversion.note]))
    elif header.components == 4:
        _decode_strictly(data, "CMYK", header)  # only as a check: Pillow handles Adobe's inverted inks
        conversion = conversion_of(header.icc, "CMYK")
        rgb, notes = _from_cmyk(data, conversion), _pixels.cmyk_notes(conversion)
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


def check(data: bytes) -> JpegHeader:
    """Decode a JPEG that is a part of another file, and return its header.

    Raises
    ------
    ImageRejected
        As in :func:`decode`.
    """
    header = read_header(data)
    _check_scans(data, header)
    _decode_strictly(data, {1: "GRAY", 4: "CMYK"}.get(header.components, "RGB"), header)
    return header


def _joined_profile(segments: list[bytes]) -> bytes | None:
    """Join the numbered parts of a profile; None where there are none.

    Raises
    ------
    ImageRejected
        ``damaged``, where a part is missing.
    """
    if not segments:
        return None
    parts = {segment[0]: segment[2:] for segment in segments if len(segment) > 2}
    number = segments[0][1] if len(segments[0]) > 1 else 0
    if len(parts) != len(segments) or set(parts) != set(range(1, number + 1)):
        raise ImageRejected("damaged", "parts of the color profile are missing in the JPEG header")
    return b"".join(parts[index] for index in sorted(parts))


def _check_quantization(tables: bytes) -> None:
    """Raise ``damaged`` for a quantizer of 0: ITU T.81, B.2.4.1 forbids it, libjpeg silently accepts it."""
    offset = 0
    while offset < len(tables):
        size = 128 if tables[offset] >> 4 else 64
        table = tables[offset + 1 : offset + 1 + size]
        values = table if size == 64 else bytes(map(max, table[::2], table[1::2]))
        if 0 in values:
            raise ImageRejected("damaged", "a quantization table of the JPEG file holds 0")
        offset += 1 + size


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


def _check_scans(data: bytes, header: JpegHeader) -> None:
    """Raise ``damaged`` for bytes that no encoder writes into a scan.

    In a scan a byte FF is followed by 00, or by a marker, before which FF may be repeated (ITU T.81, B.1.1.2
    and B.1.1.5). FF FF 00 is neither, but libjpeg silently reads it as one FF: it accepted 5 of 163 real
    files with 64 bytes overwritten by FF.
    """
    start = header.scan_start
    stop = data.find(b"\xff\xd9", start)
    stop = stop if stop >= 0 else len(data)
    if data.find(b"\xff\xff\x00", start, stop) >= 0:
        raise ImageRejected("damaged", "the JPEG scan holds bytes that no encoder writes")
    scan = data.find(b"\xff\xda", start, stop)
    if data.find(_ZERO_RUN, scan, stop) >= 0 and not header.progressive and not _zeros_are_flat(data[:scan]):
        raise ImageRejected("damaged", "the JPEG scan holds zeros that no encoder writes")


def _zeros_are_flat(head: bytes) -> bool:
    """Whether zero bits in a baseline scan stand for an area of one color.

    The shortest code of a Huffman table consists of zeros. Where it is not "end of block" in each table, a
    long run of zeros would be blocks in which all 63 coefficients are the same, and no image has such blocks.
    """
    offset = 0
    first_symbols = []
    while (offset := head.find(b"\xff\xc4", offset)) >= 0:
        length = int.from_bytes(head[offset + 2 : offset + 4], "big")
        table, end = offset + 4, offset + 2 + length
        while table + 17 < end:
            if head[table] >> 4:  # AC coefficients
                first_symbols.append(head[table + 17])
            table += 17 + sum(head[table + 1 : table + 17])
        offset = end
    return not any(first_symbols)


def _decode_strictly(data: bytes, colorspace: str, header: JpegHeader) -> RGBImage:
    try:
        image: RGBImage = simplejpeg.decode_jpeg(data, colorspace, strict=True)
    except ValueError as error:
        odd = header.sampling[1:] != ((1, 1),) * 2 or header.sampling[0] not in _SUBSAMPLINGS
        if header.components == 3 and odd and "subsampling" in str(error):
            factors = ", ".join(f"{across} x {down}" for across, down in header.sampling)
            raise ImageRejected(
                "unsupported", f"a JPEG with color sampling {factors}; save it with 4:4:4 or 4:2:0"
            ) from error
        raise ImageRejected("damaged", f"the JPEG decoder stopped: {error}") from error
    return image


def _from_cmyk(data: bytes, conversion: Conversion) -> RGBImage:
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        image = JpegImageFile(io.BytesIO(data))
        image.load()
        return np.array(image.convert("RGB") if conversion.transform is None else conversion.apply(image))
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
