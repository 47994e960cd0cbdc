"""PNG, TIFF, BMP, GIF and WebP: headers through Pillow, pixels through Pillow or, for 16 bits, OpenCV."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected
from leukokit.imageio import pixels as _pixels

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
_BITS_PER_SAMPLE, _STRIP_OFFSETS, _STRIP_COUNTS = 258, 273, 279
_TILE_OFFSETS, _TILE_COUNTS, _SAMPLE_FORMAT = 324, 325, 339


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
    notes: tuple[str, ...] = ()
    if kind == "WEBP":
        _pixels.check_size(_webp_size(data), max_pixels)
    image = open_header(data, kind)
    _pixels.check_size(image.size, max_pixels)
    frames = n_frames(image)
    chosen = _pixels.select_frame(frames, frame)
    if frames > 1:
        _seek(image, chosen)
        _pixels.check_size(image.size, max_pixels)
        notes = (f"frame {chosen} of {frames}, counted from 0",)
    _check_mode(image.mode, kind)
    exif_orientation = orientation(image)
    stored = bits(data, kind, image)
    if stored > 8:
        if image.mode not in ("RGB", "RGBA"):
            raise ImageRejected("unsupported", f"a {kind} file of {stored} bits with color mode {image.mode}")
        if bit_depth is None:
            raise ImageRejected(
                "bit_depth",
                f"{stored} bits a channel: say with bit_depth how many of them carry the image "
                "(12 for a 12-bit camera, 16 for the full range)",
            )
        pixels = _pixels.to_8_bits(_load_deep(data, kind, image, chosen), bit_depth)
        notes = (*notes, f"scaled from {bit_depth} to 8 bits a channel")
    else:
        _load(data, kind, image)
        notes += _conversion(image.mode)
        transparent = image.mode in ("RGBA", "PA") or "transparency" in image.info
        pixels = np.array(image.convert("RGBA" if transparent else "RGB"))
    if pixels.shape[2] == 4:
        if pixels[..., 3].min() < 255:
            notes = (*notes, "transparent; composited on white")
        pixels = _pixels.composite_on_white(pixels)
    # Pillow and OpenCV apply the orientation of TIFFs, but of none of the other formats.
    upright = pixels if kind == "TIFF" else _pixels.upright(pixels, exif_orientation)
    return upright, notes + _pixels.orientation_note(exif_orientation)


def _check_mode(mode: str, kind: str) -> None:
    if mode in _COLOR_MODES:
        return
    if mode in ("1", "L", "LA", "La", "I") or mode.startswith("I;16"):
        raise _pixels.gray_image_error(kind)
    description = "floating-point values" if mode == "F" else f"color mode {mode}"
    raise ImageRejected("unsupported", f"a {kind} file with {description}; save it as 8-bit RGB")


def _conversion(mode: str) -> tuple[str, ...]:
    if mode == "CMYK":
        return (_pixels.CMYK_NOTE,)
    return ("converted from a palette, which holds 256 colors at most",) if mode in ("P", "PA") else ()


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
    """Describe an intact TIFF that Pillow cannot open; None where it is damaged."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    try:
        big = data[2:4] in (b"\x2b\0", b"\0\x2b")
        directory = ImageFileDirectory_v2(data[: 16 if big else 8])
        stream = io.BytesIO(data)
        stream.seek(directory.next)
        directory.load(stream)
        bits = directory[_BITS_PER_SAMPLE]
        sample = {1: "unsigned", 2: "signed", 3: "float"}.get(directory.get(_SAMPLE_FORMAT, (1,))[0], "odd")
    except Exception:  # then it is damaged, and the caller says so
        return None
    return f"a TIFF of {len(bits)} channels of {max(bits)} bits, {sample}"


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


def _load(data: bytes, kind: str, image: Any) -> None:
    """Decode the pixels of the current frame of ``image``."""
    with _rejecting_damage(f"the {kind} file does not decode"):
        if kind == "PNG":
            # Checks the checksums of all chunks; decoding stops as soon as there are enough pixels.
            getattr(import_module(_CLASSES[kind][0]), _CLASSES[kind][1])(io.BytesIO(data)).verify()
        image.load()


def _load_deep(data: bytes, kind: str, image: Any, frame: int) -> NDArray[np.uint16]:
    """Decode 16-bit color, uint16 H x W x 3 or 4, channels red, green, blue, alpha."""
    # OpenCV reads its limit once, when it is imported. The size in the header was checked before.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**30))
    import cv2

    if kind == "PNG":
        with _rejecting_damage("the PNG file does not decode"):
            open_header(data, kind).verify()
    else:
        _check_extents(data, image)
    flags = cv2.IMREAD_UNCHANGED
    with _rejecting_damage(f"the {kind} file does not decode"):
        if frame:
            _, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), flags, range=(frame, frame + 1))
            raw = pages[0] if pages else None
        else:
            raw = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if raw is None or raw.ndim != 3 or raw.dtype != np.uint16:
        raise ImageRejected("damaged", f"the 16-bit {kind} file does not decode")
    order = [2, 1, 0, 3][: raw.shape[2]]
    return np.asarray(raw[..., order], dtype=np.uint16)


def _check_extents(data: bytes, image: Any) -> None:
    """Raise where a TIFF's strips or tiles extend past its end; OpenCV leaves their rows black."""
    tags = image.tag_v2
    offsets = tags.get(_STRIP_OFFSETS) or tags.get(_TILE_OFFSETS) or ()
    counts = tags.get(_STRIP_COUNTS) or tags.get(_TILE_COUNTS) or ()
    if any(offset + count > len(data) for offset, count in zip(offsets, counts, strict=False)):
        raise ImageRejected("damaged", "the TIFF file ends before its last row")
