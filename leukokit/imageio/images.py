"""Decoding of images: conversions are noted, damaged or unsupported files are rejected."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected, PluginError, UsageError
from leukokit.imageio import jpeg as _jpeg
from leukokit.imageio import sniff as _sniff
from leukokit.input_file import LARGEST_IMAGE, read_input

MAX_PIXELS = 2**26
"""Largest image that is decoded, in px (8192 x 8192); whole slides have to be tiled first."""

EXTENSIONS = _sniff.EXTENSIONS
"""Endings of the formats that can be read, in lower case."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Properties of an image from its header.

    Attributes
    ----------
    format : str
        ``JPEG``, ``PNG``, ``TIFF``, ``BMP``, ``GIF`` or ``WEBP``, by content.
    width, height : int
        Size of the decoded image, in px, after EXIF rotation.
    mode : str
        Pillow's name, such as ``RGB``, ``RGBA``, ``L`` or ``CMYK``; ``RGB;16`` and ``RGBA;16`` for 16 bits.
    frames : int
        Number of frames of an animation, or of pages.
    """

    format: str
    width: int
    height: int
    mode: str
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels, uint8 H x W x 3, and notes on conversions."""

    rgb: RGBImage
    notes: tuple[str, ...] = ()


def read_image(
    path: str | Path, *, bit_depth: int | None = None, frame: int | None = None, max_pixels: int = MAX_PIXELS
) -> RGBImage:
    """Read one image file.

    Parameters
    ----------
    path : str or Path
        JPEG, PNG, TIFF, BMP, GIF or WebP.
    bit_depth, frame, max_pixels
        As in :func:`decode_image`.

    Returns
    -------
    uint8 array, H x W x 3
        Red, green, blue. Conversions are reported in a ``UserWarning``.

    Raises
    ------
    ImageRejected
        As in :func:`decode_image`, and ``unreadable`` with the system's reason.
    """
    try:
        data = read_input(path, LARGEST_IMAGE)
    except OSError as error:
        raise ImageRejected("unreadable", f"{path}: {error.strerror or error}") from error
    try:
        decoded = decode_image(
            data, name=Path(path).name, bit_depth=bit_depth, frame=frame, max_pixels=max_pixels
        )
    except ImageRejected as error:
        raise ImageRejected(error.reason, f"{path}: {error.detail}") from error
    for note in decoded.notes:
        warnings.warn(f"{path}: {note}", stacklevel=2)
    return decoded.rgb


def decode_image(
    data: bytes,
    *,
    name: str,
    bit_depth: int | None = None,
    frame: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Decoded:
    """Decode the bytes of one color image.

    The header is read first, so that an image which is too large, gray or of 16 bits costs no decoding.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name or id; only its extension is used, for a note where it contradicts the content.
    bit_depth : int, optional
        Significant bits of 16-bit images, 9..16: 12 for a 12-bit camera. 0 stays 0 and ``2**bit_depth - 1``
        becomes 255. Not needed for images of 8 bits.
    frame : int, optional
        Index of the frame or page, from 0, where there are several.
    max_pixels : int
        Largest image, in px.

    Returns
    -------
    Decoded
        Pixels, and a note for each conversion: EXIF rotation, CMYK, alpha, palette, frame, bit depth.

    Raises
    ------
    ImageRejected
        ``empty``, ``not_an_image``, ``damaged``, ``unsupported`` (gray, float, other formats),
        ``bit_depth``, ``multi_page``, ``too_large``.
    """
    if bit_depth is not None and not 9 <= bit_depth <= 16:
        raise UsageError(f"bit_depth is {bit_depth}, expected 9 to 16", hint="8-bit images do not need it")
    format_name = _sniff.detect_format(data)
    if format_name == "JPEG":
        rgb, notes = _jpeg.decode(data, frame, max_pixels)
    else:
        from leukokit.imageio import raster as _raster

        rgb, notes = _raster.decode(
            data, format_name, bit_depth=bit_depth, frame=frame, max_pixels=max_pixels
        )
    return Decoded(rgb, _sniff.suffix_note(name, format_name) + notes)


def image_info(data: bytes) -> ImageInfo:
    """Read the header of an image, without decoding pixels.

    Raises
    ------
    ImageRejected
        ``empty``, ``not_an_image``, ``damaged`` or ``unsupported``.
    """
    format_name = _sniff.detect_format(data)
    if format_name == "JPEG":
        header = _jpeg.read_header(data)
        width, height = header.width, header.height
        if header.orientation >= 5:
            width, height = height, width
        return ImageInfo(
            format_name, width, height, {1: "L", 3: "RGB", 4: "CMYK"}.get(header.components, "other")
        )
    from leukokit.imageio import raster as _raster

    image = _raster.open_header(data, format_name)
    mode = image.mode
    if mode in ("RGB", "RGBA") and _raster.bits(data, format_name, image) > 8:
        mode = f"{mode};16"
    width, height = image.size
    # Pillow rotates TIFFs itself and reports the size after that.
    if format_name != "TIFF" and _raster.orientation(image) >= 5:
        width, height = height, width
    return ImageInfo(format_name, width, height, mode, _raster.n_frames(image))


def check_rgb(array: NDArray[Any], where: str) -> RGBImage:
    """Check that an array is an image as leukokit's methods expect it, and return it unchanged.

    Parameters
    ----------
    array : uint8 array, H x W x 3
        Red, green, blue.
    where : str
        Description of the array, for the message.

    Raises
    ------
    PluginError
        With advice for floats, gray images and alpha. (The order blue, green, red cannot be detected; the
        message for wrong shapes mentions it.)
    """
    if not isinstance(array, np.ndarray):
        raise PluginError(
            f"is a {type(array).__name__}, expected a uint8 array H x W x 3",
            where=where,
            hint="Use np.asarray",
        )
    shown = f"is {array.dtype} {array.shape}, expected uint8 (H, W, 3)"
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1):
        raise PluginError(shown, where=where, hint="These methods need color; a gray image has none to offer")
    if array.ndim != 3 or array.shape[2] != 3:
        if array.ndim == 3 and array.shape[2] == 4:
            hint = "Composite the alpha channel first, or read the file with leukokit.api.read_image"
        elif array.ndim == 3 and array.shape[0] == 3:
            hint = "Channels come last: np.moveaxis(image, 0, -1)"
        else:
            hint = "Hand over one image, channels last, in the order red, green, blue (OpenCV reads BGR)"
        raise PluginError(shown, where=where, hint=hint)
    if array.dtype != np.uint8:
        if np.issubdtype(array.dtype, np.floating):
            hint = "For values in 0..1: np.rint(image * 255).astype(np.uint8)"
        elif array.dtype == np.uint16:
            hint = "Scale by the camera's bit depth: np.rint(image / (2**bits - 1) * 255).astype(np.uint8)"
        else:
            hint = "For values in 0..255: image.astype(np.uint8)"
        raise PluginError(shown, where=where, hint=hint)
    if not array.size:
        raise PluginError(f"has no pixels: {array.shape}", where=where)
    return array
