"""Formats of scanners that OpenSlide reads; needs the extra ``openslide``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from leukokit.api import DataError, RGBImage
from leukokit_wsi.slide import Level


class ScannerSlide:
    """A slide that OpenSlide opens.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        Where OpenSlide is not installed, or cannot open the file.
    """

    def __init__(self, path: Path) -> None:
        try:
            import openslide
        except ImportError as error:
            raise DataError(
                "needs OpenSlide",
                where=str(path),
                hint="python -m pip install 'leukokit-wsi[openslide]'",
            ) from error
        try:
            self._file = openslide.OpenSlide(path)
        except (OSError, openslide.OpenSlideError) as error:
            raise DataError(f"cannot be read by OpenSlide: {error}", where=str(path)) from error

    @property
    def levels(self) -> Sequence[Level]:
        """Levels, the finest first."""
        return [Level(*size) for size in self._file.level_dimensions]

    @property
    def um_per_px(self) -> float | None:
        """Width of a pixel as the scanner wrote it."""
        width = self._file.properties.get("openslide.mpp-x")
        return None if width is None else float(width)

    def read(self, level: int, x: int, y: int, width: int, height: int) -> RGBImage:
        """Read a rectangle; what the scanner left out is white."""
        factor = self._file.level_downsamples[level]
        region = self._file.read_region((round(x * factor), round(y * factor)), level, (width, height))
        pixels = np.asarray(region, dtype=np.uint8)
        shown = pixels[..., 3:] > 0
        return np.ascontiguousarray(np.where(shown, pixels[..., :3], np.uint8(255)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
