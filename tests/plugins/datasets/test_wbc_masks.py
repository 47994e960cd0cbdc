"""300 white cells with expert outlines."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukokit.api import DataError
from leukokit.plugins.datasets.wbc_masks import WbcMasks


def layout(root: Path, classes: str = "image ID,class label\n1,2\n2,5\n") -> Path:
    """Write two cells in the layout of the data set."""
    folder = root / "wbc-masks"
    mask = np.zeros((8, 8), np.uint8)
    mask[2:6, 2:6], mask[3:5, 3:5] = 1, 2
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for i in (1, 2):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(folder / "images" / f"{i:03d}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{i:03d}.png")
    (folder / "classes.csv").write_text(classes)
    return folder


def test_classes_have_the_names_that_the_source_gives(tmp_path: Path) -> None:
    """The integers 1 to 5 become the cell types of the data set's page; either folder may be the root."""
    folder = layout(tmp_path)
    for root in (tmp_path, folder):
        samples = WbcMasks.create(root=root).samples()
        assert [(s.id, s.label) for s in samples] == [("001.png", "lymphocyte"), ("002.png", "basophil")]


def test_truth_is_one_cell_with_its_nucleus(tmp_path: Path) -> None:
    """Nucleus and cell share the id; the cell includes the nucleus."""
    layout(tmp_path)
    dataset = WbcMasks.create(root=tmp_path)
    truth = dataset.truth(dataset.samples()[0])
    assert truth is not None
    assert truth.count == 1
    assert ((truth.cell > 0).sum(), (truth.nucleus > 0).sum()) == (16, 4)


def test_incomplete_images_are_all_named(tmp_path: Path) -> None:
    """A missing mask and a missing class are told together."""
    folder = layout(tmp_path, "image ID,class label\n1,2\n")
    (folder / "masks" / "001.png").unlink()
    with pytest.raises(
        DataError, match=r"2 images are incomplete: 002.png has no class, 001.png has no mask"
    ):
        WbcMasks.create(root=tmp_path).samples()


def test_an_unknown_class_is_named_with_its_line(tmp_path: Path) -> None:
    """Numbers beyond 5 are no class."""
    layout(tmp_path, "image ID,class label\n1,2\n2,7\n")
    with pytest.raises(DataError, match=r"line 3: '2,7', expected an image number and a class from 1 to 5"):
        WbcMasks.create(root=tmp_path).samples()


def test_absence_says_where_and_how(tmp_path: Path) -> None:
    """A root that does not hold the images is an error that says how to get them."""
    dataset = WbcMasks.create(root=tmp_path)
    with pytest.raises(DataError, match=r"holds no folder wbc-masks .*segmentation_WBC"):
        dataset.missing()
    with pytest.raises(DataError, match="not found"):
        dataset.samples()


@pytest.mark.real_data
def test_the_real_cells_are_read(data_root: Path) -> None:
    """300 cells in five classes, each one connected cell with a nucleus inside."""
    if not (data_root / "wbc-masks").is_dir():
        pytest.skip("wbc-masks not found")
    dataset = WbcMasks.create(root=data_root)
    samples = dataset.samples()
    assert Counter(sample.label for sample in samples) == {
        "neutrophil": 176,
        "lymphocyte": 53,
        "monocyte": 48,
        "eosinophil": 22,
        "basophil": 1,
    }
    for sample in samples[::10]:
        truth = dataset.truth(sample)
        assert truth is not None
        assert truth.count == 1
        assert (truth.nucleus > 0).any()
