"""From the color profile of a file to sRGB, by Little CMS (Pillow's ImageCms), relative colorimetric."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from leukokit.arrays import RGBImage
from leukokit.imageio.color.matrix_profile import SRGB, Primaries, matrix_profile

if TYPE_CHECKING:  # most images have no profile, and then Pillow is not needed
    from PIL import Image

UNREADABLE_NOTE = "its color profile cannot be read; its colors are taken as sRGB"
STATED_NOTE = "converted to sRGB from the gamma or primaries that the file states"
_LARGEST_CHANGE = 1
"""Levels of 255. Profiles of sRGB differ by rounding and by the length of their curve. A conversion that
changes no color by more than this would only add noise: the profile counts as sRGB, and the pixels stay.
"""
_GAMMA_OF_SRGB, _GAMMA_TOLERANCE = (
    1 / 0.45455,
    0.022,
)  # PNG, section 11.3.2.4: used in place of sRGB's curve
_LONGEST_NAME = 60  # characters


@dataclass(frozen=True, slots=True)
class Conversion:
    """How the colors of a file become sRGB.

    Attributes
    ----------
    transform : ImageCmsTransform or None
        None where the pixels stay as they are.
    note : str
        What was done, or why nothing was; empty for sRGB.
    mode : str
        ``RGB`` or ``CMYK``: what the transform takes.
    """

    transform: Any = None
    note: str = ""
    mode: str = "RGB"

    def apply(self, image: Image.Image) -> Image.Image:
        """Convert an image of mode ``self.mode`` to RGB, pixel by pixel."""
        if self.transform is None:
            return image
        converted: Image.Image = self.transform.apply(image)
        return converted

    def apply_to_pixels(self, rgb: RGBImage) -> RGBImage:
        """Convert uint8 H x W x 3."""
        if self.transform is None:
            return rgb
        from PIL import Image

        return np.array(self.apply(Image.fromarray(rgb)))


KEPT = Conversion()
"""The pixels stay as they are, and there is no note."""


def conversion_of(icc: bytes | None, mode: str = "RGB") -> Conversion:
    """Conversion of a file with this ICC profile.

    Parameters
    ----------
    icc : bytes or None
        None for a file without a profile, whose colors are sRGB; empty for one that cannot be read.
    mode : str
        ``RGB`` or ``CMYK``.
    """
    return KEPT if icc is None else _conversion(bytes(icc), mode, "")


def stated_conversion(info: Mapping[Any, Any]) -> Conversion:
    """Conversion of a PNG file that has no profile.

    A chunk ``sRGB`` has priority. Without it ``gAMA`` and ``cHRM`` count, as the specification orders them
    (PNG, third edition, section 4.3). Gamma 0.45455 with the primaries of sRGB, or without any, is what
    encoders write for sRGB.

    Parameters
    ----------
    info : mapping
        Pillow's ``info`` of the image.
    """
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or (gamma is None and points is None):
        return KEPT
    primaries = SRGB
    if points is not None and len(points) == 8:
        primaries = Primaries(*((points[i], points[i + 1]) for i in range(0, 8, 2)))
    exponent = None if gamma is None else 1 / gamma if gamma > 0 else float("inf")
    if exponent is not None and abs(exponent - _GAMMA_OF_SRGB) < _GAMMA_TOLERANCE and primaries.is_near(SRGB):
        return KEPT
    try:
        profile = matrix_profile(primaries, exponent)
    except ValueError as error:
        return Conversion(
            note=f"its gamma or primaries are impossible ({error}); its colors are taken as sRGB"
        )
    return _conversion(profile, "RGB", STATED_NOTE)


@lru_cache(maxsize=16)  # the images of one camera have one profile
def _conversion(icc: bytes, mode: str, note: str) -> Conversion:
    from PIL import ImageCms

    # Without a cache of the last pixel a transform can be used by several threads.
    flags = ImageCms.Flags.NOCACHE
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        space = str(profile.profile.xcolor_space).strip()
        if space != mode:
            return Conversion(note=f"its color profile is for {space}, the image is {mode}; it is not used")
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
        if mode == "RGB" and _largest_change(transform) <= _LARGEST_CHANGE:
            return KEPT
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return Conversion(note=UNREADABLE_NOTE)
    return Conversion(transform, note or f"converted to sRGB from its color profile{_name(profile)}", mode)


def _name(profile: Any) -> str:
    """Name of a profile, in brackets; it comes from the file, so only what can be printed is kept."""
    name = "".join(sign for sign in str(profile.profile.profile_description or "") if sign.isprintable())
    return f" ({name.strip()[:_LONGEST_NAME]})" if name.strip() else ""


def _largest_change(transform: Any) -> int:
    """Largest difference that a transform makes, in levels, over a grid of colors and all grays."""
    from PIL import Image

    levels = np.arange(0, 256, 15, dtype=np.uint8)  # 0, 15 ... 255
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    colors = np.concatenate([grid, grays])[np.newaxis]
    converted = np.asarray(transform.apply(Image.fromarray(colors)))
    return int(np.abs(converted.astype(int) - colors.astype(int)).max())
