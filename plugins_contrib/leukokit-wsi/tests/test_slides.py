"""Tiles of slides that the tests write."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from pydicom.uid import generate_uid

import leukokit
from leukokit.api import DataError, GroupKind
from leukokit.testing.conformance import component_checks
from leukokit_wsi.slides import Slides


def test_stained_tiles_of_a_pyramid_are_samples(files, ome: Path) -> None:
    """The slide is the group, the folder the class, the width of a pixel that of the file."""
    dataset = Slides.create(root=ome, tile_px=64)
    samples = dataset.samples()
    assert [(s.id, s.label, s.group, s.pixel_size_um) for s in samples] == [
        *((f"A/one.ome.tif/{x}_{y}", "A", "A/one.ome.tif", 0.25) for y in (128, 192) for x in (128, 192)),
        ("B/two.ome.tif/0_0", "B", "B/two.ome.tif", 0.25),
    ]
    assert dataset.groups_are is GroupKind.SLIDE
    assert dataset.notes()[0] == "A/one.ome.tif: 4 tiles, 44 empty ones left out"
    assert np.array_equal(dataset.render(samples[1]), files.picture()[128:192, 192:256])
    assert len(Slides.create(root=ome, tile_px=64, stained=0).samples()) == 96
    for check in component_checks(Slides, {"root": str(ome), "tile_px": 64}):
        check()


def test_tiles_are_read_at_the_wanted_scale(files, ome: Path) -> None:
    """Twice the width of a pixel is the second level; between the levels, the finer one is made smaller."""
    half = Slides.create(root=ome, tile_px=64, um_per_px=0.5)
    (sample, *_) = half.samples()
    assert (sample.id, sample.pixel_size_um) == ("A/one.ome.tif/128_128", 0.5)
    assert np.array_equal(half.render(sample), files.picture()[128:256:2, 128:256:2])
    between = Slides.create(root=ome, tile_px=64, um_per_px=0.375)
    tile = between.render(between.samples()[0])
    assert tile.shape == (64, 64, 3)
    with pytest.raises(DataError, match=r"pixels of 0.25 um, and um_per_px asks for finer ones, 0.1"):
        Slides.create(root=ome, um_per_px=0.1).samples()


def test_a_slide_that_does_not_say_its_scale(files, tmp_path: Path) -> None:
    """It is read as it is; a wanted scale needs the width of its pixels."""
    files.write_ome(tmp_path / "s.ome.tif", files.picture(), um_per_px=None)
    assert Slides.create(root=tmp_path, tile_px=64).samples()[0].pixel_size_um is None
    with pytest.raises(DataError, match=r"does not say the width.*slide_um_per_px"):
        Slides.create(root=tmp_path, tile_px=64, um_per_px=0.5).samples()
    told = Slides.create(root=tmp_path, tile_px=64, um_per_px=0.5, slide_um_per_px=0.25)
    assert told.samples()[0].pixel_size_um == 0.5


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({"resolution": (40_000, 40_000), "resolutionunit": "CENTIMETER"}, 0.25),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),
        ({"description": "Aperio Image Library v1\n512x384|AppMag = 40|MPP = 0.2520"}, 0.252),
    ],
    ids=["centimeter", "72 dpi", "Aperio"],
)
def test_the_width_of_a_pixel_comes_from_tags(files, tmp_path: Path, options, width: float | None) -> None:
    """Resolution tags where they are plausible, and Aperio's MPP."""
    tifffile.imwrite(
        tmp_path / "s.tif", files.picture(), photometric="rgb", tile=(64, 64), metadata=None, **options
    )
    (sample, *_) = Slides.create(root=tmp_path, tile_px=64).samples()
    assert sample.pixel_size_um == (None if width is None else pytest.approx(width))


def test_a_dicom_series_is_one_slide(files, tmp_path: Path) -> None:
    """Its files are levels; labels and overviews are no slides, and told."""
    series, pixels = generate_uid(), files.picture(500, 380)
    files.write_dicom(tmp_path / "a.dcm", pixels[::2, ::2], 0.5, series)
    files.write_dicom(tmp_path / "b.dcm", pixels, 0.25, series)
    files.write_dicom(tmp_path / "label.dcm", pixels, 0.25, series, kind="LABEL")
    dataset = Slides.create(root=tmp_path, tile_px=48)
    samples = dataset.samples()
    assert {(s.group, s.pixel_size_um) for s in samples} == {("a.dcm", 0.25)}
    x, y = (int(number) for number in samples[0].id.rpartition("/")[2].split("_"))
    assert np.array_equal(dataset.render(samples[0]), pixels[y : y + 48, x : x + 48])
    assert dataset.notes()[-1] == "DICOM files that are no slide, left out: label.dcm"
    half = Slides.create(root=tmp_path, tile_px=48, um_per_px=0.5)
    assert half.render(half.samples()[0]).shape == (48, 48, 3)
    files.write_dicom(tmp_path / "b.dcm", pixels, 0.25, series, organization="TILED_SPARSE")
    with pytest.raises(DataError, match=r"b.dcm: its tiles are TILED_SPARSE"):
        Slides.create(root=tmp_path).samples()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.tif", b"II*\0 no", "s.tif: cannot be read as TIFF"),
        ("s.dcm", b"no", "s.dcm: cannot be read as DICOM"),
        ("s.ndpi", b"no", r"s.ndpi: (needs OpenSlide|cannot be read by OpenSlide)"),
        ("s.txt", b"no", r"holds no slides.*\.svs"),
    ],
)
def test_a_file_that_is_no_slide_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """With the reason, and no traceback of a decoder."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        Slides.create(root=tmp_path).samples()


def test_gray_and_deep_pictures_are_refused(tmp_path: Path) -> None:
    """Fluorescence is no smear."""
    tifffile.imwrite(tmp_path / "s.tif", np.zeros((64, 64), np.uint16))
    with pytest.raises(DataError, match=r"axes YX and shape \(64, 64\), expected RGB"):
        Slides.create(root=tmp_path).samples()


def test_a_slide_without_stain_says_what_to_do(files, tmp_path: Path) -> None:
    """No tile is left, and which parameter decides."""
    files.write_ome(tmp_path / "s.ome.tif", files.picture(square=(0, 0, 0)))
    with pytest.raises(DataError, match=r"no tile is stained.*data.params.stained"):
        Slides.create(root=tmp_path, tile_px=64).samples()


def test_other_bytes_are_other_data(files, ome: Path) -> None:
    """The fingerprint changes with a slide, and a data set with an open slide travels to a worker."""
    dataset = Slides.create(root=ome, tile_px=64)
    before, sample = dataset.fingerprint(), dataset.samples()[0]
    copy = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - its own bytes
    assert np.array_equal(copy.render(sample), dataset.render(sample))
    files.write_ome(ome / "B" / "two.ome.tif", files.picture(square=(64, 64, 64)))
    assert Slides.create(root=ome, tile_px=64).fingerprint() != before


def test_a_run_measures_tiles(ome: Path, tmp_path: Path) -> None:
    """Found through its entry point; the table of features has a row for each tile."""
    recipe = tmp_path / "recipe.yaml"
    root = json.dumps(str(ome))
    recipe.write_text(
        f"leukokit: 1\nname: tiles\ndata: {{use: wsi/slides, params: {{root: {root}, tile_px: 64}}}}\n"
        "features: [{use: color_statistics, params: {regions: [image]}}]\naudit: {enabled: false}\n",
        encoding="utf-8",
    )
    run = leukokit.run(recipe, run_dir=tmp_path / "run", cache=None, executor="inline", report=False)
    table = pd.read_parquet(run.path / "features.parquet")
    assert sorted(table["id"]) == sorted(s.id for s in Slides.create(root=ome, tile_px=64).samples())
