"""Rendered smears as folders and as pairs of picture and truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from leukokit.api import read_image
from leukokit.plugins.datasets.smears import CLASSES, Smears
from leukokit.testing.synthetic import smear_pairs, write_smears


def test_one_folder_a_class_with_the_files_that_were_named(tmp_path: Path) -> None:
    """Files lie in class folders, in the data set's order, and can be read."""
    paths = write_smears(tmp_path, per_class=3, size=64)
    assert [path.parent.name for path in paths] == [label for label in CLASSES for _ in range(3)]
    assert sorted(tmp_path.rglob("*.*")) == sorted(paths)
    pixels = read_image(paths[0])
    assert np.asarray(pixels[0] if isinstance(pixels, tuple) else pixels).shape == (64, 64, 3)


def test_png_files_hold_exactly_the_rendered_pixels(tmp_path: Path) -> None:
    """Nothing is lost or swapped between render and file."""
    paths = write_smears(tmp_path, per_class=3, size=64, image_format="png", seed=3)
    dataset = Smears.create(per_class=3, size=64, seed=3)
    for path, sample in zip(paths, dataset.samples(), strict=True):
        decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(decoded[:, :, ::-1], dataset.render(sample))


def test_masks_tell_background_cytoplasm_and_nucleus(tmp_path: Path) -> None:
    """Mask files carry the image's name and the levels 0, 1 and 2 of its truth."""
    paths = write_smears(tmp_path / "images", per_class=3, size=96, masks=tmp_path / "masks")
    dataset = Smears.create(per_class=3, size=96)
    for path, sample in zip(paths, dataset.samples(), strict=True):
        mask_path = tmp_path / "masks" / path.parent.name / f"{path.stem}.png"
        mask = cv2.imdecode(np.frombuffer(mask_path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        truth = dataset.truth(sample)
        assert np.array_equal(mask == 2, truth.nucleus > 0)
        assert np.array_equal(mask == 1, truth.cytoplasm)


def test_other_parameters_reach_the_data_set(tmp_path: Path) -> None:
    """Any parameter of smears can be given."""
    paths = write_smears(tmp_path, per_class=3, size=64, classes=("Pro",), patients=3)
    assert {path.parent.name for path in paths} == {"Pro"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_format": "tif"}, "image_format must be jpg or png, got 'tif'"),
        ({"quality": 0}, "quality must lie in 1..100, got 0"),
        ({"per_class": 1}, "greater than or equal to 3"),
    ],
)
def test_mistakes_are_refused_before_anything_is_written(
    tmp_path: Path, params: dict[str, object], message: str
) -> None:
    """The message names the value, and the folder stays empty."""
    with pytest.raises(ValueError, match=message):
        write_smears(tmp_path, **params)
    assert not list(tmp_path.iterdir())


def test_masks_inside_the_image_folder_are_refused(tmp_path: Path) -> None:
    """They would be taken for a class of images."""
    with pytest.raises(ValueError, match=r"must not lie inside .* they would count as a class"):
        write_smears(tmp_path, masks=tmp_path / "masks")


def test_pairs_come_from_many_labs_and_scales_and_are_the_same_each_time() -> None:
    """As many as asked for, red cells in the range, truth of the same picture, fixed by the seed."""
    first, again = (list(smear_pairs(60, size=64, red_cell_px=(12, 30), seed=4)) for _ in range(2))
    assert len(first) == 60
    assert len({pair.lab for pair in first}) > 1
    assert len({pair.red_cell_px for pair in first}) > 20
    assert all(0.87 * 12 < pair.red_cell_px < 1.13 * 30 for pair in first)
    assert {"nucleus", "cell", "red_cell", "platelet"} == set(first[0].truth.roles)
    for pair, same in zip(first, again, strict=True):
        assert np.array_equal(pair.image, same.image)
        assert np.array_equal(pair.truth.nucleus, same.truth.nucleus)
        assert pair.image.shape == (64, 64, 3)
        assert pair.image[pair.truth.nucleus > 0].mean() < pair.image[pair.truth.cell == 0].mean()


def test_pairs_take_parameters_of_the_data_set_and_refuse_a_range_upside_down() -> None:
    """Given parameters win over drawn ones."""
    pairs = list(smear_pairs(4, size=64, labs=("pbc",), red_cells=0))
    assert {pair.lab for pair in pairs} == {"pbc"}
    assert not any(pair.truth.red_cell.any() for pair in pairs)
    with pytest.raises(ValueError, match=r"the smaller first, got 40, 20"):
        next(smear_pairs(4, red_cell_px=(40, 20)))
