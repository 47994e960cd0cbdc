"""Slides that the tests write: a pale glass with stained squares."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, VLWholeSlideMicroscopyImageStorage, generate_uid

from leukokit.api import RGBImage

GLASS = (236, 234, 230)
PURPLE = (120, 60, 140)


def picture(width: int = 512, height: int = 384, square: tuple[int, int, int] = (128, 128, 128)) -> RGBImage:
    """Glass with a stained square at x, y of some width, which gets darker to the right."""
    pixels = np.full((height, width, 3), GLASS, np.uint8)
    x, y, side = square
    pixels[y : y + side, x : x + side] = PURPLE
    pixels[y : y + side, x : x + side, 1] -= np.linspace(0, 40, side).astype(np.uint8)
    return pixels


def write_ome(path: Path, pixels: RGBImage, um_per_px: float | None = 0.25, **more: object) -> Path:
    """Write a pyramid of two levels, with tiles of 64 px; levels are SubIFDs as OME wants them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata: dict[str, object] = {"axes": "YXS"}
    if um_per_px is not None:
        metadata |= {"PhysicalSizeX": um_per_px, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": um_per_px}
    options = {"photometric": "rgb", "tile": (64, 64), **more}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(pixels, subifds=1, metadata=metadata, **options)
        file.write(pixels[::2, ::2], subfiletype=1, **options)
    return path


def write_dicom(
    path: Path,
    pixels: RGBImage,
    um_per_px: float,
    series: str,
    *,
    kind: str = "VOLUME",
    organization: str = "TILED_FULL",
) -> Path:
    """Write one level of a whole-slide image, without compression, with frames of 64 x 64 px."""
    path.parent.mkdir(parents=True, exist_ok=True)
    side, (height, width) = 64, pixels.shape[:2]
    rows, columns = -(-height // side), -(-width // side)
    padded = np.full((rows * side, columns * side, 3), 255, np.uint8)
    padded[:height, :width] = pixels
    frames = padded.reshape(rows, side, columns, side, 3).swapaxes(1, 2)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = pydicom.Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.SeriesInstanceUID = series
    data.ImageType = ["ORIGINAL", "PRIMARY", kind, "NONE"]
    data.TotalPixelMatrixColumns, data.TotalPixelMatrixRows = width, height
    data.Rows, data.Columns, data.NumberOfFrames = side, side, rows * columns
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.DimensionOrganizationType = organization
    measures, shared = pydicom.Dataset(), pydicom.Dataset()
    measures.PixelSpacing = [um_per_px / 1000, um_per_px / 1000]
    shared.PixelMeasuresSequence = [measures]
    data.SharedFunctionalGroupsSequence = [shared]
    data.PixelData = frames.tobytes()
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def files() -> SimpleNamespace:
    """Give the functions that write slides."""
    return SimpleNamespace(picture=picture, write_ome=write_ome, write_dicom=write_dicom)


@pytest.fixture
def ome(tmp_path: Path) -> Path:
    """Write a folder with a slide of class A and one of class B."""
    write_ome(tmp_path / "slides" / "A" / "one.ome.tif", picture())
    write_ome(tmp_path / "slides" / "B" / "two.ome.tif", picture(square=(0, 0, 64)))
    return tmp_path / "slides"
