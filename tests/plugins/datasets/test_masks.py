"""Values of mask files: what nobody named is an error with its share; colors are named like gray values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from leukokit.api import DataError, ImageRejected, Labels
from leukokit.api.notes import kept_notes
from leukokit.plugins.datasets._mask_values import MaskCode, MaskValues, OtherValues
from leukokit.plugins.datasets._masks import read_instances, read_truth
from leukokit.plugins.datasets.folder import Folder, FolderParams
from leukokit.plugins.datasets.table import TableDataset, TableParams

GRAYS: MaskValues = {"nucleus": 255, "cytoplasm": 155}
COLORS: MaskValues = {"nucleus": "cyan", "cytoplasm": "#0000ff", "background": "white"}


def soft_mask() -> NDArray[np.uint8]:
    """One cell, resized by a program that blends values at outlines: 20 x 20 px."""
    hard = np.zeros((10, 10), np.uint8)
    hard[2:8, 2:8] = 155
    hard[4:6, 4:6] = 255
    return np.asarray(Image.fromarray(hard).resize((20, 20), Image.Resampling.BILINEAR))


def color_mask() -> NDArray[np.uint8]:
    """Cyan nucleus in blue cytoplasm on white, 6 x 6 px."""
    mask = np.full((6, 6, 3), 255, np.uint8)
    mask[1:5, 1:5] = (0, 0, 255)
    mask[2:4, 2:4] = (0, 255, 255)
    return mask


def read(
    folder: Path, mask: NDArray[np.uint8], values: MaskValues, other: OtherValues = "error", kind: str = "RGB"
) -> Labels:
    """Truth of a mask that was written to a file."""
    image = Image.fromarray(mask)
    image = image.quantize(8) if kind == "palette" else image.convert("RGBA") if kind == "RGBA" else image
    image.save(folder / "mask.png")
    return read_truth(folder / "mask.png", values, other)


def test_values_that_nobody_named_are_listed_with_their_shares(tmp_path: Path) -> None:
    """The most frequent first, the others counted, and what to do."""
    mask = np.zeros((10, 10), np.uint8)
    mask[0, :3] = 255
    mask[1, :4], mask[2, :7], mask[3, :] = 9, 7, [10, 11, 12, 13, 14, 14, 14, 14, 14, 14]
    with pytest.raises(ImageRejected) as caught:
        read(tmp_path, mask, GRAYS)
    assert caught.value.reason == "bad_mask"
    assert caught.value.detail == (
        "mask.png holds values that mask_values does not name: 7 (7.00%), 14 (6.00%), 9 (4.00%), 10 (1.00%), "
        "11 (1.00%) and 2 more (2.00%) of the pixels; named are nucleus: 255, cytoplasm: 155. Name them, or "
        "set mask_other: nearest (or background)"
    )


def test_blended_outlines_can_be_read_as_the_nearest_value(tmp_path: Path) -> None:
    """One cell; read as background, only the pixels that were not blended are left of it."""
    with pytest.raises(ImageRejected, match="does not name"):
        read(tmp_path, soft_mask(), GRAYS)
    nearest = read(tmp_path, soft_mask(), GRAYS, "nearest")
    assert nearest.count == 1
    assert np.count_nonzero(nearest.cell) == pytest.approx(144, abs=25)
    assert np.count_nonzero(read(tmp_path, soft_mask(), GRAYS, "background").cell) < 130


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "palette"])
def test_colors_are_named_like_gray_values(tmp_path: Path, kind: str) -> None:
    """Also in files with a palette or with transparency."""
    truth = read(tmp_path, color_mask(), COLORS, kind=kind)
    assert truth.count == 1
    assert np.count_nonzero(truth.nucleus) == 4
    assert np.count_nonzero(truth.cell) == 16


def test_a_color_that_nobody_named_is_written_as_in_a_recipe(tmp_path: Path) -> None:
    """White is no background unless it is named so."""
    without = {role: value for role, value in COLORS.items() if role != "background"}
    with pytest.raises(ImageRejected, match=r"does not name: #ffffff \(55.56%\) of the pixels"):
        read(tmp_path, color_mask(), without)


def test_gray_and_color_files_say_what_they_are(tmp_path: Path) -> None:
    """Each message names the other way to write the values."""
    with pytest.raises(ImageRejected, match="is no color image, but mask_values names colors"):
        read(tmp_path, soft_mask(), COLORS)
    with pytest.raises(ImageRejected, match=r"is a color image.*unless mask_values names colors, as .*cyan"):
        read(tmp_path, color_mask(), GRAYS)


def test_cells_of_one_pixel_are_noted(tmp_path: Path) -> None:
    """They are kept: the data set decides what is marked."""
    mask = np.zeros((8, 8), np.uint8)
    mask[1:4, 1:4] = mask[6, 6] = 255
    with kept_notes() as notes:
        assert read(tmp_path, mask, GRAYS).count == 2
    assert notes == ["mask.png: 1 of 2 marked cells have a single pixel"]


def test_several_values_can_mean_the_same(tmp_path: Path) -> None:
    """As for lobes that were painted in different grays."""
    mask = np.zeros((6, 6), np.uint8)
    mask[1, 1:3], mask[1, 3:5], mask[3, 3] = 200, 201, 3
    truth = read(tmp_path, mask, {"nucleus": (200, 201), "background": 3})
    assert (truth.count, np.count_nonzero(truth.nucleus)) == (1, 4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cytoplasm": 2}, "name the value of the nucleus"),
        ({"nucleus": 2, "cytoplasm": 2}, "nucleus and cytoplasm need different values, both are 2"),
        ({"nucleus": "cyan", "cytoplasm": "#00ffff"}, "nucleus and cytoplasm need different values"),
        ({"nucleus": 255, "cytoplasm": "blue"}, "gray values and colors are mixed"),
        ({"nucleus": "bleu"}, "'bleu' is no color; expected a name such as cyan, or '#00ffff'"),
        ({"nucleus": ()}, "give at least one value"),
    ],
)
def test_values_that_cannot_be_told_apart_are_refused(values: MaskValues, said: str) -> None:
    """In the recipe, before any file is read."""
    with pytest.raises(ValueError, match=said):
        MaskCode.of(values)
    with pytest.raises(ValueError, match=said):
        TableParams(file=Path("t.csv"), mask_values=dict(values))


def instances(folder: Path, mask: NDArray[Any], role: str = "cell") -> Labels:
    Image.fromarray(mask).save(folder / "mask.png")
    return read_instances(folder / "mask.png", role)


def test_each_value_of_a_mask_of_instances_is_one_object(tmp_path: Path) -> None:
    """16 bits, and touching objects that components could not part; ids follow the values."""
    mask = np.zeros((6, 9), np.uint16)
    mask[1:5, 1:4], mask[1:5, 4:7], mask[0, 8] = 40000, 300, 7
    with kept_notes() as notes:
        labels = instances(tmp_path, mask, "red_cell")
    assert list(labels.roles) == ["red_cell"]
    assert labels.red_cell.dtype == np.int32
    assert labels.red_cell[2, [0, 2, 5]].tolist() == [0, 3, 2]
    assert labels.red_cell[0, 8] == 1
    assert notes == ["mask.png: 1 of 3 objects have a single pixel"]
    assert instances(tmp_path, np.zeros((4, 4), np.uint8)).status == "no_cell"


def test_each_color_is_one_object_and_black_is_background(tmp_path: Path) -> None:
    """As QuPath and Cellpose draw them; a palette is read by its colors."""
    mask = np.zeros((4, 6, 3), np.uint8)
    mask[:, :2], mask[:, 4:] = (255, 0, 0), (0, 0, 255)
    expected = [2, 2, 0, 0, 1, 1]
    assert instances(tmp_path, mask).cell[0].tolist() == expected
    Image.fromarray(mask).quantize(8).save(tmp_path / "palette.png")
    assert read_instances(tmp_path / "palette.png", "cell").cell[0].tolist() == expected


def test_one_value_in_several_places_is_told(tmp_path: Path) -> None:
    """A mask of foreground that somebody took for one of instances."""
    mask = np.zeros((5, 9), np.uint8)
    mask[1:3, 1:3], mask[1:3, 6:8] = 255, 255
    with kept_notes() as notes:
        instances(tmp_path, mask)
    assert notes == ["mask.png: has a single value in several places; is it no mask of instances?"]


def test_a_table_reads_masks_of_instances(tmp_path: Path) -> None:
    """With the role that it names."""
    Image.fromarray(np.full((4, 4, 3), 9, np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 1], [2, 2]], np.uint8)).save(tmp_path / "m.png")
    (tmp_path / "t.csv").write_text("path,mask\na.png,m.png\n")
    params = TableParams(file=tmp_path / "t.csv", mask_kind="instances", mask_role="platelet")
    dataset = TableDataset(params)
    with kept_notes():
        truth = dataset.truth(dataset.samples()[0])
    assert truth is not None
    assert truth.roles["platelet"].tolist() == [[0, 1], [2, 2]]


def test_a_folder_of_masks_belongs_to_the_images_of_the_same_name(tmp_path: Path) -> None:
    """In folders like those of the images, or in one; an image without a mask is told."""
    for name in ("blast/a", "blast/b", "other/c"):
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2, 3), 9, np.uint8)).save(tmp_path / f"images/{name}.jpg")
    (tmp_path / "masks/blast").mkdir(parents=True)
    for name in ("blast/a", "c"):
        Image.fromarray(np.array([[0, 3], [0, 3]], np.uint8)).save(tmp_path / f"masks/{name}.png")
    params = FolderParams(root=tmp_path / "images", masks=tmp_path / "masks", mask_kind="instances")
    dataset = Folder(params)
    truths = {sample.id: dataset.truth(sample) for sample in dataset.samples()}
    assert [name for name, truth in truths.items() if truth is None] == ["blast/b.jpg"]
    found = truths["other/c.jpg"]
    assert found is not None
    assert found.cell.tolist() == [[0, 1], [0, 1]]
    assert "1 image without a mask: blast/b.jpg" in dataset.notes()
    with pytest.raises(DataError, match="cannot be listed"):
        Folder(FolderParams(root=tmp_path / "images", masks=tmp_path / "no")).samples()
