"""Which reader opens a slide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from leukokit.api import DataError
from leukokit_wsi.slide import Slide

TIFF = (".tif", ".tiff", ".svs", ".btf")
DICOM = (".dcm",)
SCANNER = (".ndpi", ".mrxs", ".scn", ".vms", ".vmu", ".bif", ".svslide")
"""Read by OpenSlide."""


def open_slide(paths: Sequence[Path]) -> Slide:
    """Open a slide.

    Parameters
    ----------
    paths : sequence of Path
        The file of the slide; of DICOM all files of the series.

    Raises
    ------
    DataError
        Where it cannot be read, or the package for its format is missing.
    """
    suffix = paths[0].suffix.lower()
    if suffix in DICOM:
        from leukokit_wsi.dicom import DicomSlide

        return DicomSlide(paths)
    if suffix in TIFF:
        from leukokit_wsi.tiff import TiffSlide

        return TiffSlide(paths[0])
    if suffix in SCANNER:
        from leukokit_wsi.scanner import ScannerSlide

        return ScannerSlide(paths[0])
    raise DataError(
        f"is of no format that is read here ({', '.join((*TIFF, *DICOM, *SCANNER))})", where=str(paths[0])
    )
