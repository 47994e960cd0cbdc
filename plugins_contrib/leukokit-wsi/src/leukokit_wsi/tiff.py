"""TIFF pyramids: OME-TIFF, Aperio SVS and generic ones, read with tifffile and zarr."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr

from leukokit.api import DataError, RGBImage
from leukokit_wsi.slide import Level

_UM_PER_UNIT = {2: 25_400.0, 3: 10_000.0}
"""Of the values of TIFF's tag ResolutionUnit: inch, centimeter."""
_OME_UNITS = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4}
_PLAUSIBLE_UM = (0.01, 20.0)
"""Widths of a pixel that a microscope gives; others, such as of 72 dpi, say nothing."""


class TiffSlide:
    """The largest picture of a TIFF file, with its levels.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        Where the file is no TIFF, or its picture is not 8-bit RGB.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = tifffile.TiffFile(path)
            series = self._file.series
            self._index = max(range(len(series)), key=lambda index: series[index].size)
            self._series = series[self._index]
        except Exception as error:  # malformed files cause errors of many kinds
            raise DataError(f"cannot be read as TIFF: {error}", where=str(path)) from error
        shape, axes = self._series.shape, self._series.axes
        if axes not in ("YXS", "SYX", "CYX") or shape[axes.index("S" if "S" in axes else "C")] < 3:
            raise DataError(
                f"holds a picture of axes {axes} and shape {shape}, expected RGB",
                where=str(path),
                hint="Fluorescence and stacks are not read; export the slide as RGB",
            )
        if self._series.dtype != np.uint8:
            raise DataError(f"holds {self._series.dtype} pixels, expected uint8", where=str(path))
        self._last = axes == "YXS"

    @cached_property
    def levels(self) -> Sequence[Level]:
        """Levels, the finest first."""
        y, x = (0, 1) if self._last else (1, 2)
        return [Level(width=level.shape[x], height=level.shape[y]) for level in self._series.levels]

    @cached_property
    def um_per_px(self) -> float | None:
        """Width of a pixel by OME-XML, Aperio's MPP, or the resolution tags; None where none is plausible."""
        for width in (self._ome_width(), self._aperio_width(), self._tag_width()):
            if width is not None and _PLAUSIBLE_UM[0] <= width <= _PLAUSIBLE_UM[1]:
                return width
        return None

    def read(self, level: int, x: int, y: int, width: int, height: int) -> RGBImage:
        """Read a rectangle; only the tiles of the file that it touches are decoded."""
        array = self._arrays[level]
        rows, columns = slice(y, y + height), slice(x, x + width)
        if self._last:
            return np.ascontiguousarray(array[rows, columns, :3])
        return np.ascontiguousarray(np.moveaxis(array[:3, rows, columns], 0, 2))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @cached_property
    def _arrays(self) -> Sequence[Any]:
        stores = (self._series.aszarr(level=level) for level in range(len(self._series.levels)))
        return [zarr.open_array(store, mode="r") for store in stores]

    def _ome_width(self) -> float | None:
        if not self._file.is_ome or self._file.ome_metadata is None:
            return None
        found = tifffile.xml2dict(self._file.ome_metadata)["OME"].get("Image", {})
        images = found if isinstance(found, list) else [found]
        pixels = images[min(self._index, len(images) - 1)].get("Pixels", {})
        unit = _OME_UNITS.get(str(pixels.get("PhysicalSizeXUnit", "µm")))
        size = _number(pixels.get("PhysicalSizeX"))
        return None if size is None or unit is None else size * unit

    def _aperio_width(self) -> float | None:
        page = self._file.pages[0]
        for piece in str(getattr(page, "description", "")).split("|"):
            name, _, value = piece.partition("=")
            if name.strip() == "MPP":
                return _number(value.strip())
        return None

    def _tag_width(self) -> float | None:
        tags = self._series.keyframe.tags
        unit = _UM_PER_UNIT.get(int(tags["ResolutionUnit"].value)) if "ResolutionUnit" in tags else None
        if unit is None or "XResolution" not in tags:
            return None
        numerator, denominator = tags["XResolution"].value
        return unit * denominator / numerator if numerator and denominator else None


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
