"""Readers behind optional packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from leukokit.api import DataError
from leukokit_wsi.open import open_slide
from leukokit_wsi.slide import level_for
from leukokit_wsi.tissue import stained, thumbnail


def test_openslide_reads_levels_and_scale(files, tmp_path: Path) -> None:
    """OpenSlide takes a tiled TIFF, too; px of a rectangle are px of its level."""
    pytest.importorskip("openslide", reason="needs the extra openslide")
    from leukokit_wsi.scanner import ScannerSlide

    pixels, options = files.picture(), {"photometric": "rgb", "tile": (64, 64), "metadata": None}
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        file.write(pixels, resolution=(40_000, 40_000), resolutionunit="CENTIMETER", **options)
        file.write(pixels[::2, ::2], subfiletype=1, **options)
    slide = ScannerSlide(tmp_path / "s.tif")
    assert [(level.width, level.height) for level in slide.levels] == [(512, 384), (256, 192)]
    assert slide.um_per_px == pytest.approx(0.25)
    assert np.array_equal(slide.read(0, 120, 130, 40, 50), pixels[130:180, 120:160])
    assert np.array_equal(slide.read(1, 60, 65, 20, 25), pixels[130:180:2, 120:160:2])
    slide.close()


def test_jpeg_tiles_are_read_with_the_codecs(files, tmp_path: Path) -> None:
    """As scanners write them; JPEG changes values a little."""
    pytest.importorskip("imagecodecs", reason="needs the extra codecs")
    path = files.write_ome(tmp_path / "s.ome.tif", files.picture(), compression="jpeg")
    slide = open_slide([path])
    part = slide.read(0, 140, 140, 32, 32)
    assert np.abs(part.astype(int) - files.picture()[140:172, 140:172]).mean() < 4
    slide.close()


def test_a_slide_without_levels_has_a_thumbnail(files, tmp_path: Path) -> None:
    """A large picture is made small in strips; stain is where it was."""
    pixels = files.picture(5000, 1200, (2500, 300, 600))
    tifffile.imwrite(tmp_path / "s.tif", pixels, photometric="rgb", tile=(256, 256))
    slide = open_slide([tmp_path / "s.tif"])
    small = thumbnail(slide)
    assert small.shape == (492, 2048, 3)
    mask = stained(small)
    rows, columns = np.nonzero(mask)
    scale = 5000 / 2048
    edges = np.array([columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]) * scale
    assert edges == pytest.approx([2500, 3100, 300, 900], abs=2 * scale)
    assert level_for(slide, 8.0) == 0
    slide.close()


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    """With the formats that are read."""
    with pytest.raises(DataError, match=r"s.czi: is of no format that is read here \(\.tif"):
        open_slide([tmp_path / "s.czi"])
