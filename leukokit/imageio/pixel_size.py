"""Pixel size from the metadata of a file: TIFF resolution, ImageJ's unit, OME-XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

from leukokit.smear.scale import PIXEL_SIZE_UM

_DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 270, 282, 283, 296
_INCH, _CENTIMETER = 2, 3  # TIFF 6.0, section 8, ResolutionUnit
_UM_PER_UNIT = {_INCH: 25_400.0, _CENTIMETER: 10_000.0}
_MAX_ANISOTROPY = 0.02  # largest relative difference of width and height of a pixel
_MAX_TEXT = 1_000_000  # characters of a description that are searched

# OME-XML 2016-06, UnitsLength; micrometers where the unit is left out.
_UM = {"µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
_UM |= {"pm": 1e-6, "Å": 1e-4, "inch": 25_400.0, "in": 25_400.0, "\\u00b5m": 1.0}
_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b([^>]*)>")
_ATTRIBUTE = re.compile(r"""\b(PhysicalSize[XY](?:Unit)?)\s*=\s*["']([^"']*)["']""")
_IMAGEJ_UNIT = re.compile(r"^unit=(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Pixel size of a file.

    Attributes
    ----------
    um : float or None
        Width of a pixel, in um; None where the file does not contain it, or an impossible value.
    why : str
        Reason why it is None; empty otherwise.
    """

    um: float | None
    why: str = ""


def pixel_size(file: BinaryIO, frame: int | None = None) -> PixelSize:
    """Read the pixel size, without decoding pixels.

    OME-XML has priority over ImageJ's unit, and that over the TIFF resolution, which many programs set to 72
    dots per inch. Formats other than TIFF only have such a resolution and are not read.

    Parameters
    ----------
    file : binary file
        Positioned at its beginning.
    frame : int, optional
        Index of the page, from 0, where there are several.
    """
    from PIL.TiffImagePlugin import TiffImageFile

    if file.read(4)[:2] not in (b"II", b"MM"):
        return PixelSize(None, "the file is no TIFF, so it does not say how wide a pixel is")
    file.seek(0)
    try:
        image = TiffImageFile(file)
        # The OME-XML of all pages is in the first one.
        text = _text(image.tag_v2.get(_DESCRIPTION, ""))
        if frame:
            image.seek(frame)
        tags = image.tag_v2
        size = _ome(text) or _resolution(tags, _imagej_unit(text))
    except Exception as error:  # struct, Key, Type, Value, Syntax, OS: the bytes decide
        return PixelSize(None, f"the TIFF header cannot be read ({type(error).__name__})")
    return _checked(size)


def _text(description: object) -> str:
    """Decode a description as UTF-8, the encoding of OME-XML; Pillow decodes it as Latin-1."""
    text = str(description)[:_MAX_TEXT]
    try:
        return text.encode("latin-1").decode("utf-8", errors="replace")
    except UnicodeEncodeError:
        return text


def _checked(size: tuple[float, float] | None) -> PixelSize:
    if size is None:
        return PixelSize(None, "the file does not say how wide a pixel is")
    width, height = size
    low, high = PIXEL_SIZE_UM
    if not low <= width <= high:
        return PixelSize(None, f"the file says {width:.4g} um a pixel, which no photograph of cells has")
    if abs(height / width - 1) > _MAX_ANISOTROPY:
        return PixelSize(None, f"the file's pixels are not square ({width:.4g} x {height:.4g} um)")
    return PixelSize(width)


def _ome(text: str) -> tuple[float, float] | None:
    """Width and height of a pixel, in um; without an XML parser, which hostile input could exploit."""
    pixels = _PIXELS.search(text)
    if pixels is None:
        return None
    attributes = dict(_ATTRIBUTE.findall(pixels.group(1)))
    sizes = []
    for axis in ("X", "Y"):
        name = f"PhysicalSize{axis}"
        unit = _UM.get(attributes.get(f"{name}Unit", "µm"))
        if unit is None or name not in attributes:
            break
        sizes.append(float(attributes[name]) * unit)
    return (sizes[0], sizes[-1]) if sizes else None


def _imagej_unit(text: str) -> float | None:
    unit = _IMAGEJ_UNIT.search(text) if text.startswith("ImageJ=") else None
    return _UM.get(unit.group(1).strip()) if unit else None


def _resolution(tags: Any, imagej: float | None) -> tuple[float, float] | None:
    """Width and height of a pixel, in um, from pixels a unit."""
    # ImageJ stores pixels per unit, and the unit in the description.
    unit = imagej or _UM_PER_UNIT.get(int(tags.get(_RESOLUTION_UNIT, _INCH)))
    across = float(tags.get(_X_RESOLUTION, 0))
    down = float(tags.get(_Y_RESOLUTION, across))
    if unit is None or not (across > 0 and down > 0):
        return None
    return unit / across, unit / down
