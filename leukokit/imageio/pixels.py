"""Code shared by the decoders of all formats: limits, and conversions of pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import RGBImage
from leukokit.errors import ImageRejected
from leukokit.imageio.color.profile import Conversion

CMYK_NOTE = "converted from CMYK without a color profile; colors are approximate"


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Raise ``too_large`` for (width, height) of more than ``max_pixels``."""
    width, height = size
    if width * height > max_pixels:
        raise ImageRejected(
            "too_large", f"{width} x {height} px, more than {max_pixels} px; cut it into fields of view first"
        )


def select_frame(frames: int, frame: int | None) -> int:
    """Return the index of the frame to decode; raise ``multi_page`` where it is not given or invalid."""
    if frame is None:
        if frames > 1:
            raise ImageRejected(
                "multi_page", f"{frames} frames or pages; say which one with frame: 0 ... {frames - 1}"
            )
        return 0
    if not 0 <= frame < frames:
        raise ImageRejected(
            "multi_page", f"frame {frame} was requested, the file has {frames} (counted from 0)"
        )
    return frame


def gray_image_error(kind: str) -> ImageRejected:
    """Build the rejection of an image without color."""
    return ImageRejected("unsupported", f"a gray {kind} image; the methods here need color (RGB)")


def cmyk_notes(conversion: Conversion) -> tuple[str, ...]:
    """Note that an image was converted from CMYK, with its profile or without."""
    if conversion.transform is not None:
        return (conversion.note,)
    return tuple(filter(None, [conversion.note, CMYK_NOTE]))


def check_range(largest: int, bit_depth: int) -> None:
    """Raise ``bit_depth`` where the largest value of the colors exceeds 2**bit_depth - 1."""
    top = 2**bit_depth - 1
    if largest > top:
        raise ImageRejected(
            "bit_depth", f"values up to {largest} do not fit into bit_depth {bit_depth} (0..{top})"
        )


def to_8_bits(values: NDArray[np.uint16], bit_depth: int) -> NDArray[np.uint8]:
    """Scale 0 ... 2**bit_depth - 1 to 0 ... 255, rounded."""
    top = 2**bit_depth - 1
    scaled = (values.astype(np.uint32) * 255 + top // 2) // top
    if values.shape[2] == 4:  # alpha always uses the whole range
        scaled[..., 3] = (values[..., 3].astype(np.uint32) * 255 + 32767) // 65535
    scaled_values: NDArray[np.uint8] = scaled.astype(np.uint8)
    return scaled_values


def composite_on_white(rgb: RGBImage, alpha: NDArray[np.uint8]) -> RGBImage:
    """Composite straight alpha, H x W x 1, on white."""
    opacity = alpha.astype(np.uint32)
    blended = (rgb.astype(np.uint32) * opacity + 255 * (255 - opacity) + 127) // 255
    return blended.astype(np.uint8)


def upright(rgb: RGBImage, orientation: int) -> RGBImage:
    """Apply an EXIF orientation to pixels (EXIF 2.32, tag 0x0112)."""
    if orientation == 1:
        return rgb
    if orientation >= 5:
        rgb = rgb.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        rgb = rgb[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgb = rgb[::-1]
    return np.ascontiguousarray(rgb)


def orientation_note(orientation: int) -> tuple[str, ...]:
    """Note of a rotation; empty for orientation 1."""
    return () if orientation == 1 else (f"turned upright by its EXIF orientation ({orientation})",)
