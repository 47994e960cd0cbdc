"""PNG, TIFF, BMP, GIF and WebP: headers through Pillow, pixels through Pillow or, for 16 bits, OpenCV."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected
from leukokit.imageio import pixels as _pixels
from leukokit.imageio import png_rows
from leukokit.imageio.color.profile import KEPT, Conversion, conversion_of, stated_conversion
from leukokit.imageio.decoder_messages import captured_messages

# Classes of Pillow, opened directly: Image.open would try dozens of other formats on hostile bytes, and has a
# global limit on pixels.
_CLASSES = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
}
_COLOR_MODES = {"RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr"}
_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339
_BIG_BIG_ENDIAN = b"MM\0+"
_WEBP_ANIMATION = 2  # flag of the VP8X chunk
_LARGE_WEBP = 1 << 24  # px above which memory matters
_BLOCK = 1 << 20  # px that are converted at a time, so that 8192 x 8192 px need less than 1 GB


@contextmanager
def _rejecting_damage(doing: str) -> Iterator[None]:
    """Turn all errors of a decoder on a malformed file into a rejection."""
    try:
        yield
    except (ImageRejected, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageRejected("too_large", str(error)) from error
    except Exception as error:  # struct, zlib, Key, Index, Type, Value, Syntax, OS: the bytes decide
        raise ImageRejected("damaged", f"{doing}: {error or type(error).__name__}") from error


def decode(
    data: bytes, kind: str, *, bit_depth: int | None, frame: int | None, max_pixels: int
) -> tuple[RGBImage, tuple[str, ...]]:
    """Decode one of the formats; return pixels and notes."""
    if kind == "WEBP":
        from leukokit.imageio.integrity import webp

        _pixels.check_size(_webp_size(data), max_pixels)
        webp.check_length(data)
    with captured_messages() as header_messages:
        image = open_header(data, kind)
        _pixels.check_size(image.size, max_pixels)
        frames = n_frames(image)
        chosen = _pixels.select_frame(frames, frame)
        notes: tuple[str, ...] = ()
        if frames > 1:
            _seek(image, chosen)
            _pixels.check_size(image.size, max_pixels)
            notes = (f"frame {chosen} of {frames}, counted from 0",)
        _check_mode(image.mode, kind)
        stored = bits(data, kind, image)
        _check_bits(kind, stored, image.mode, bit_depth)
        _check_whole(data, kind, image, chosen)
        # In PNG files it may be stored behind the pixels, and then reading it makes Pillow decode them.
        turned = 1 if kind == "PNG" else orientation(image)
    with captured_messages(native=kind == "TIFF" or stored > 8) as decoding_messages:
        if stored > 8:
            assert bit_depth is not None
            rgb, color_notes = _deep_pixels(data, kind, image, chosen, bit_depth)
        else:
            rgb, color_notes = _plain_pixels(data, kind, image)
        if kind == "PNG":
            turned = orientation(image)
    # Pillow and OpenCV apply the orientation of TIFFs, but of none of the other formats.
    upright = rgb if kind == "TIFF" else _pixels.upright(rgb, turned)
    notes += color_notes + _pixels.orientation_note(turned)
    return upright, notes + tuple(
        f"the decoder says: {text}" for text in dict.fromkeys(header_messages + decoding_messages)
    )


def _check_bits(kind: str, stored: int, mode: str, bit_depth: int | None) -> None:
    if stored <= 8:
        return
    if mode not in ("RGB", "RGBA"):
        raise ImageRejected("unsupported", f"a {kind} file of {stored} bits with color mode {mode}")
    if bit_depth is None:
        raise ImageRejected(
            "bit_depth",
            f"{stored} bits a channel: say with data.read.bit_depth how many of them carry "
            "the image (12 for a 12-bit camera, 16 for the full range)",
        )


def _check_whole(data: bytes, kind: str, image: Any, frame: int) -> None:
    """Raise ``damaged`` for damage that the decoders ignore: see ``leukokit/imageio/integrity/``."""
    if kind == "PNG":
        from leukokit.imageio.integrity import png

        png.check(data, frame)
    elif kind == "TIFF":
        from leukokit.imageio.integrity import tiff

        with _rejecting_damage("the TIFF header cannot be read"):
            tiff.check_readable(image.tag_v2)
            tiff.check(data, image.tag_v2)
    elif kind == "BMP":
        from leukokit.imageio.integrity import bmp

        bmp.check(data)
    elif kind == "GIF":
        from leukokit.imageio.integrity import gif

        gif.check(data, frame)
    else:
        from leukokit.imageio.integrity import webp

        webp.check(data, frame)


def _deep_pixels(
    data: bytes, kind: str, image: Any, frame: int, bit_depth: int
) -> tuple[RGBImage, tuple[str, ...]]:
    """Pixels and notes of an image of 16 bits a channel."""
    conversion = _color_conversion(image, kind)
    width, height, stored = _deep_blocks(data, kind, image, frame)
    largest = 0

    def scaled() -> Iterator[NDArray[np.uint8]]:
        nonlocal largest
        for block in stored:
            largest = max(largest, int(block[..., :3].max()))
            yield _pixels.to_8_bits(block[..., [2, 1, 0, 3][: block.shape[2]]], bit_depth)

    rgb, color_notes = _assembled(scaled(), width, height, conversion)
    _pixels.check_range(largest, bit_depth)
    return rgb, (f"scaled from {bit_depth} to 8 bits a channel", *color_notes)


def _deep_blocks(
    data: bytes, kind: str, image: Any, frame: int
) -> tuple[int, int, Iterator[NDArray[np.uint16]]]:
    """Width, height and blocks of rows of 16-bit color, uint16, channels blue, green, red, alpha."""
    width, height = image.size
    if kind == "PNG" and width * height > _BLOCK and png_rows.can_be_divided(data):
        return width, height, png_rows.row_blocks(data, max(1, _BLOCK // width))
    raw = _load_deep(data, kind, frame)
    height, width = raw.shape[:2]
    return width, height, (raw[rows] for rows in _row_blocks(width, height))


def _plain_pixels(data: bytes, kind: str, image: Any) -> tuple[RGBImage, tuple[str, ...]]:
    """Pixels and notes of an image of 8 bits a channel, or fewer."""
    pixels = _large_webp(data, image) if kind == "WEBP" else None
    if pixels is None:
        with _rejecting_damage(f"the {kind} file does not decode"):
            image.load()
    if image.mode == "CMYK":
        conversion = conversion_of(_icc(image), "CMYK")
        notes = _pixels.cmyk_notes(conversion)
    else:
        conversion = _color_conversion(image, kind)
        notes = ("converted from a palette, which holds 256 colors at most",) * (image.mode in ("P", "PA"))
    transparent = image.mode in ("RGBA", "PA") or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    width, height = image.size

    def block(rows: slice) -> NDArray[np.uint8]:
        if pixels is not None:
            return pixels[rows][..., [2, 1, 0, 3][: pixels.shape[2]]]
        part = image
        if rows.start > 0 or rows.stop < height:
            part = image.crop((0, rows.start, width, rows.stop))
        if conversion.mode == "CMYK" and conversion.transform is not None:
            part = conversion.apply(part)
        return np.asarray(part if part.mode == mode else part.convert(mode))

    blocks = (block(rows) for rows in _row_blocks(width, height))
    rgb, color_notes = _assembled(blocks, width, height, KEPT if conversion.mode == "CMYK" else conversion)
    return rgb, notes + color_notes


def _large_webp(data: bytes, image: Any) -> NDArray[np.uint8] | None:
    """Pixels of a large WebP picture, H x W x 3 or 4, blue, green, red, alpha; None for other files.

    Pillow decodes every file as an animation, and holds the picture four times meanwhile: 1.1 GB for the
    largest one. OpenCV gives the same pixels, by the same library, and holds them once or twice.
    """
    width, height = image.size
    animated = data[12:16] == b"VP8X" and data[20] & _WEBP_ANIMATION
    if animated or width * height <= _LARGE_WEBP:
        return None
    pixels = _opencv().imdecode(np.frombuffer(data, np.uint8), -1)  # unchanged: alpha, and no orientation
    return pixels if pixels is not None and pixels.shape == (height, width, len(image.mode)) else None


def _opencv() -> Any:
    """Import OpenCV, which reads its limit once. The size in the header was checked before."""
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**30))
    return import_module("cv2")


def _row_blocks(width: int, height: int) -> Iterator[slice]:
    rows = max(1, _BLOCK // width)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def _assembled(
    blocks: Iterable[NDArray[np.uint8]], width: int, height: int, conversion: Conversion
) -> tuple[RGBImage, tuple[str, ...]]:
    """Put blocks of rows together: colors to sRGB, alpha composited on white."""
    rgb = np.empty((height, width, 3), np.uint8)
    top, transparent = 0, False
    for block in blocks:
        color = conversion.apply_to_pixels(np.ascontiguousarray(block[..., :3]))
        if block.shape[2] == 4 and block[..., 3].min() < 255:
            transparent = True
            color = _pixels.composite_on_white(color, block[..., 3:])
        rgb[top : top + len(block)] = color
        top += len(block)
    notes = (conversion.note,) if conversion.note else ()
    return rgb, (*notes, "transparent; composited on white") if transparent else notes


def _icc(image: Any) -> bytes | None:
    """ICC profile of a file: None where it has none, empty where it cannot be read."""
    return image.info["icc_profile"] or b"" if "icc_profile" in image.info else None


def _color_conversion(image: Any, kind: str) -> Conversion:
    icc = _icc(image)
    if icc is None and kind == "PNG":
        return stated_conversion(image.info)
    return conversion_of(icc)


def _check_mode(mode: str, kind: str) -> None:
    if mode in _COLOR_MODES:
        return
    if mode in ("1", "L", "LA", "La", "I") or mode.startswith("I;16"):
        raise _pixels.gray_image_error(kind)
    description = "floating-point values" if mode == "F" else f"color mode {mode}"
    raise ImageRejected("unsupported", f"a {kind} file with {description}; save it as 8-bit RGB")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Size of a WebP image from its first chunk, since Pillow allocates the canvas on opening.

    Source: RFC 9649, sections 2.5 to 2.7.
    """
    kind = data[12:16]
    if len(data) < 30:
        raise ImageRejected("damaged", "the WebP file ends inside its header")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = (int.from_bytes(data[i : i + 2], "little") & 0x3FFF for i in (26, 28))
    return width, height


def open_header(data: bytes, kind: str) -> Any:
    """Open one of the formats as a Pillow image, reading only its header.

    Raises
    ------
    ImageRejected
        ``damaged``; ``unsupported`` for a kind of TIFF that Pillow cannot read.
    """
    module, name = _CLASSES[kind]
    if data.startswith(_BIG_BIG_ENDIAN):
        raise ImageRejected(
            "unsupported", "a big-endian BigTIFF file; save it little-endian, or as plain TIFF"
        )
    try:
        with _rejecting_damage(f"the {kind} header cannot be read"):
            return getattr(import_module(module), name)(io.BytesIO(data))
    except ImageRejected:
        if kind == "TIFF" and (description := _describe_tiff(data)):
            raise ImageRejected(
                "unsupported", f"{description}; save it as RGB with 8 or 16 bits a channel"
            ) from None
        raise


def _describe_tiff(data: bytes) -> str | None:
    """Describe an intact TIFF that Pillow cannot open; None where it is damaged.

    Raises
    ------
    ImageRejected
        ``unsupported``, where it is the compression that cannot be read.
    """
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    from leukokit.imageio.integrity.tiff import check_readable

    try:
        big = data[2:4] in (b"\x2b\0", b"\0\x2b")
        directory = ImageFileDirectory_v2(data[: 16 if big else 8])
        stream = io.BytesIO(data)
        stream.seek(directory.next)
        directory.load(stream)
        bits = directory[_BITS_PER_SAMPLE]
        sample = {1: "unsigned", 2: "signed", 3: "float"}.get(directory.get(_SAMPLE_FORMAT, (1,))[0], "odd")
        description = f"a TIFF of {len(bits)} channels of {max(bits)} bits, {sample}"
        if max(bits) in (8, 16):
            check_readable(directory)
    except ImageRejected:
        raise
    except Exception:  # then it is damaged, and the caller says so
        return None
    return description


def bits(data: bytes, kind: str, image: Any) -> int:
    """Return the stored bits per channel. Pillow silently drops the lower byte of 16-bit color."""
    if kind == "PNG":
        return data[24]
    if kind == "TIFF":
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,))))
    return 8


def n_frames(image: Any) -> int:
    """Count frames or pages."""
    with _rejecting_damage("the list of frames cannot be read"):
        return int(getattr(image, "n_frames", 1))


def _seek(image: Any, frame: int) -> None:
    """Go to a frame, counted from 0."""
    with _rejecting_damage(f"frame {frame} cannot be read"):
        image.seek(frame)


def orientation(image: Any) -> int:
    """EXIF orientation, 1..8; 1 where it is missing or invalid."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # unreadable metadata do not affect the pixels
        return 1
    return value if value in range(1, 9) else 1


def _load_deep(data: bytes, kind: str, frame: int) -> NDArray[np.uint16]:
    """Decode 16-bit color, uint16 H x W x 3 or 4, channels blue, green, red, alpha."""
    cv2 = _opencv()
    flags = cv2.IMREAD_UNCHANGED
    with _rejecting_damage(f"the {kind} file does not decode"):
        if frame:
            _, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), flags, range=(frame, frame + 1))
            raw = pages[0] if pages else None
        else:
            raw = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if raw is None or raw.ndim != 3 or raw.dtype != np.uint16:
        raise ImageRejected("damaged", f"the 16-bit {kind} file does not decode")
    return np.asarray(raw, dtype=np.uint16)
