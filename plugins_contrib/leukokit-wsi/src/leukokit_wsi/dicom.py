"""DICOM whole-slide images: the files of one series are the levels of one slide (supplement 145)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import pixel_array
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from leukokit.api import DataError, RGBImage
from leukokit_wsi.slide import Level

_HEADER = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "ImageType",
    "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
    "TotalPixelMatrixFocalPlanes",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "DimensionOrganizationType",
    "SharedFunctionalGroupsSequence",
]


def series_in(files: Sequence[Path]) -> tuple[Mapping[str, list[Path]], list[str]]:
    """Group DICOM files by series.

    Parameters
    ----------
    files : sequence of Path

    Returns
    -------
    series : mapping of str to list of Path
        Uid of the series -> its files, of whole-slide images that are the slide itself.
    left_out : list of str
        Names of files of other kinds: labels, overviews, thumbnails.

    Raises
    ------
    DataError
        Where a file is no DICOM.
    """
    series: dict[str, list[Path]] = defaultdict(list)
    left_out: list[str] = []
    for file in files:
        header = _header(file)
        kind = list(header.get("ImageType", ()))
        if header.get("SOPClassUID") == VLWholeSlideMicroscopyImageStorage and "VOLUME" in kind:
            series[str(header.SeriesInstanceUID)].append(file)
        else:
            left_out.append(file.name)
    return series, left_out


class DicomSlide:
    """A series of whole-slide images.

    Parameters
    ----------
    paths : sequence of Path
        Its files, one a level.

    Raises
    ------
    DataError
        Where the tiles are not in full rows (``TILED_FULL``), or pixels are not 8-bit RGB of one focal plane.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        headers = [(path, _header(path)) for path in paths]
        for path, header in headers:
            _refuse_unreadable(path, header)
        self._files = sorted(headers, key=lambda item: -int(item[1].TotalPixelMatrixColumns))

    @property
    def levels(self) -> Sequence[Level]:
        """Levels, the finest first."""
        return [
            Level(int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows))
            for _, header in self._files
        ]

    @property
    def um_per_px(self) -> float | None:
        """Width of a pixel of the finest level, of its pixel spacing."""
        try:
            measures = self._files[0][1].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
            return float(measures.PixelSpacing[1]) * 1000
        except (AttributeError, IndexError):
            return None

    def read(self, level: int, x: int, y: int, width: int, height: int) -> RGBImage:
        """Read a rectangle; only the frames that it touches are decoded."""
        path, header = self._files[level]
        rows, columns = int(header.Rows), int(header.Columns)
        across = -(-int(header.TotalPixelMatrixColumns) // columns)
        left, top = x // columns, y // rows
        right, bottom = -(-(x + width) // columns), -(-(y + height) // rows)
        pixels = np.empty(((bottom - top) * rows, (right - left) * columns, 3), np.uint8)
        for row in range(top, bottom):
            for column in range(left, right):
                frame = pixel_array(path, index=row * across + column)
                down, over = (row - top) * rows, (column - left) * columns
                pixels[down : down + rows, over : over + columns] = frame[..., :3]
        down, over = y - top * rows, x - left * columns
        return np.ascontiguousarray(pixels[down : down + height, over : over + width])

    def close(self) -> None:
        """Do nothing: files are opened for each frame."""


def _header(path: Path) -> pydicom.Dataset:
    try:
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_HEADER)
    except (OSError, InvalidDicomError, ValueError) as error:
        raise DataError(f"cannot be read as DICOM: {error}", where=str(path)) from error


def _refuse_unreadable(path: Path, header: pydicom.Dataset) -> None:
    organization = header.get("DimensionOrganizationType", "TILED_FULL")
    if organization != "TILED_FULL":
        raise DataError(f"its tiles are {organization}, expected TILED_FULL", where=str(path))
    if int(header.get("TotalPixelMatrixFocalPlanes", 1) or 1) != 1:
        raise DataError("has several focal planes, expected one", where=str(path))
    if int(header.get("SamplesPerPixel", 0)) != 3 or int(header.get("BitsAllocated", 0)) != 8:
        raise DataError("holds no 8-bit RGB pixels", where=str(path))
    for name in ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "Rows", "Columns"):
        if int(header.get(name, 0) or 0) < 1:
            raise DataError(f"has no {name}", where=str(path))
