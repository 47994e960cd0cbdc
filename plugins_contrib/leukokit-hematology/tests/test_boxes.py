"""Data sets with boxes: BCCD and TXL-PBC."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from leukokit.api import Box, DataError, Part
from leukokit.testing.conformance import component_checks
from leukokit_hematology.bccd import Bccd
from leukokit_hematology.txl_pbc import TxlPbc

DATA = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[4] / "shared" / "data")


def xml(*objects: tuple[str, int, int, int, int]) -> str:
    edges = "<xmin>{1}</xmin><ymin>{2}</ymin><xmax>{3}</xmax><ymax>{4}</ymax>"
    each = "<object><name>{0}</name><bndbox>" + edges + "</bndbox></object>"
    return "<annotation>" + "".join(each.format(*values) for values in objects) + "</annotation>"


OBJECTS = (("WBC", 1, 1, 10, 5), ("RBC", 3, 4, 8, 16), ("Platelets", 2, 2, 2, 2))
BCCD = {
    "JPEGImages/BloodImage_00000.jpg": None,
    "JPEGImages/BloodImage_00002.jpg": None,
    "Annotations/BloodImage_00000.xml": xml(*OBJECTS),
    "Annotations/BloodImage_00002.xml": xml(),
    "ImageSets/Main/train.txt": "BloodImage_00000\n",
    "ImageSets/Main/test.txt": "BloodImage_00002\n",
}


def test_boxes_of_bccd_are_half_open_and_named_by_the_vocabulary(tree) -> None:
    """Edges as published; one without an area is told and left out; classes choose boxes, not images."""
    root = tree("BCCD_Dataset/BCCD", BCCD)
    dataset = Bccd.create(root=root.parents[1])
    first, second = dataset.samples()
    assert dataset.boxes(first) == [
        Box(1, 1, 10, 5, "leukocyte", "cell"),
        Box(3, 4, 8, 16, "red_cell", "red_cell"),
    ]
    assert dataset.boxes(second) == []
    (note,) = dataset.notes()
    assert note == "boxes without an area, 1 of them, left out; the first: BloodImage_00000.xml: line 1"
    assert dataset.splits() == {"published": {first.id: Part.TRAIN, second.id: Part.TEST}}
    white = Bccd.create(root=root, classes=["white blood cell"], vocabulary="published")
    assert white.boxes(white.samples()[0]) == [Box(1, 1, 10, 5, "WBC", "cell")]
    for check in component_checks(Bccd, {"root": str(root)}):
        check()


def test_mistakes_in_xml_files_are_all_listed(tree) -> None:
    """With file and line, before the run begins."""
    root = tree("bccd", {**BCCD, "Annotations/BloodImage_00000.xml": "<annotation><object>"})
    tree("bccd", {"Annotations/BloodImage_00002.xml": xml(("RBC", 9, 1, 3, 5), ("", 1, 1, 4, 4))})
    tree("bccd", {"JPEGImages/BloodImage_00003.jpg": None})
    with pytest.raises(DataError) as error:
        Bccd.create(root=root).samples()
    for message in (
        "4 mistakes in the files with boxes",
        "BloodImage_00000.xml: line 1: is no XML",
        "BloodImage_00002.xml: line 1: the box of RBC goes from (9, 1) to (3, 5)",
        "BloodImage_00002.xml: line 1: the object has no <name>",
        "images without boxes that can be read, 2 of them: BloodImage_00000.jpg, BloodImage_00003.jpg",
    ):
        assert message in str(error.value)


TXL = {
    "images/train/a.jpg": None,
    "images/val/b.jpg": None,
    "images/test/c.jpg": None,
    "labels/train/a.txt": "0 0.5 0.25 0.5 0.25\n2 0 0 0.125 0.125\n",
    "labels/val/b.txt": "",
    "labels/test/c.txt": "1 0.5 0.5 1 1\n",
}


def test_boxes_of_txl_pbc_are_shares_of_the_picture(tree) -> None:
    """Edges may lie outside; leukokit cuts them. Folders of parts are the published split."""
    root = tree("TXL_PBC", TXL)
    dataset = TxlPbc.create(root=root.parent)
    boxes = {sample.id: dataset.boxes(sample) for sample in dataset.samples()}
    assert boxes == {
        "test/c.jpg": [Box(0, 0, 16, 16, "red_cell", "red_cell")],
        "train/a.jpg": [Box(4, 2, 12, 6, "leukocyte", "cell"), Box(-1, -1, 1, 1, "platelet", "platelet")],
        "val/b.jpg": [],
    }
    assert dataset.splits()["published"] == {
        "test/c.jpg": Part.TEST,
        "train/a.jpg": Part.TRAIN,
        "val/b.jpg": Part.VALIDATION,
    }
    for check in component_checks(TxlPbc, {"root": str(root)}):
        check()


def test_mistakes_in_text_files_are_all_listed(tree) -> None:
    """A class that is not published, a file without picture, a picture without file."""
    files = {"labels/train/a.txt": "3 .5 .5 .5 .5\n", "labels/val/e.txt": "", "images/test/d.jpg": None}
    root = tree("TXL_PBC", {**TXL, **files, "labels/classes.txt": "WBC\nRBC\nPlatelets\n"})
    with pytest.raises(DataError) as error:
        TxlPbc.create(root=root).samples()
    for message in (
        "3 mistakes",
        "train/a.txt: line 1: class '3', expected a number from 0 to 2 (WBC, RBC, Platelets)",
        "val/e.txt: no picture has its name",
        "images without boxes that can be read, 1 of them: test/d.jpg",
    ):
        assert message in str(error.value)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("kind", "folder", "images", "white"),
    [(Bccd, "bccd", 364, 372), (TxlPbc, "pbc-boxes", 80, 83)],
)
def test_the_real_boxes_are_read(kind, folder: str, images: int, white: int) -> None:
    """Every file of the published data sets; the number of white cells is that of their files."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"{folder} is not on this machine")
    dataset = kind.create(root=DATA)
    samples = dataset.samples()
    counts = Counter(box.label for sample in samples for box in dataset.boxes(sample))
    assert len(samples) == images
    assert set(counts) == {"leukocyte", "red_cell", "platelet"}
    assert counts["leukocyte"] == white
