"""Data sets with boxes: BCCD and TXL-PBC."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from leukokit.api import Box, DataError, ImageRejected, Part
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
    """VOC counts from 1 and includes the last pixel; classes choose boxes, not images."""
    root = tree("BCCD_Dataset/BCCD", BCCD)
    dataset = Bccd.create(root=root.parents[1])
    first, second = dataset.samples()
    assert dataset.boxes(first) == [
        Box(0, 0, 10, 5, "leukocyte"),
        Box(2, 3, 8, 16, "red_cell"),
        Box(1, 1, 2, 2, "platelet"),
    ]
    assert dataset.boxes(second) == []
    assert dataset.splits() == {"published": {first.id: Part.TRAIN, second.id: Part.TEST}}
    white = Bccd.create(root=root, classes=["white blood cell"], vocabulary="published")
    assert white.boxes(white.samples()[0]) == [Box(0, 0, 10, 5, "WBC")]
    for check in component_checks(Bccd, {"root": str(root)}):
        check()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<annotation><object>", "cannot be read: no element found"),
        ("<html/>", "begins with <html>, expected <annotation>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "has a document type"),
        (xml(("RBC", 1, 1, 4, 4), ("WBC", 9, 1, 3, 5)), r"object 2 \(WBC; xmin 9, ymin 1, xmax 3, ymax 5\)"),
        (xml(("", 1, 1, 4, 4)), r"object 1 \(no name"),
        ("<annotation><object><name>RBC</name></object></annotation>", r"object 1 \(RBC; xmin None"),
    ],
)
def test_a_bad_xml_file_rejects_its_image(tree, content: str, message: str) -> None:
    """The message names the file, the object and what is wrong."""
    root = tree("bccd", {**BCCD, "Annotations/BloodImage_00000.xml": content})
    dataset = Bccd.create(root=root)
    with pytest.raises(ImageRejected, match="BloodImage_00000.xml.*" + message):
        dataset.boxes(dataset.samples()[0])


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
        "test/c.jpg": [Box(0, 0, 16, 16, "red_cell")],
        "train/a.jpg": [Box(4, 2, 12, 6, "leukocyte"), Box(-1, -1, 1, 1, "platelet")],
        "val/b.jpg": [],
    }
    assert dataset.splits()["published"] == {
        "test/c.jpg": Part.TEST,
        "train/a.jpg": Part.TRAIN,
        "val/b.jpg": Part.VALIDATION,
    }
    for check in component_checks(TxlPbc, {"root": str(root)}):
        check()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 0.5 0.5 0.5\n", "line 1: '0 0.5 0.5 0.5', expected class x y width height"),
        ("0 .5 .5 .5 .5\n3 .5 .5 .5 .5\n", "line 2: class 3, expected one of 0 WBC, 1 RBC, 2 Platelets"),
        ("1 .5 .5 0 .5\n", "line 1: .* width and height above 0"),
        ("1 nan .5 .5 .5\n", "line 1: .* width and height above 0"),
    ],
)
def test_a_bad_text_file_rejects_its_picture(tree, content: str, message: str) -> None:
    """The message names file and line."""
    dataset = TxlPbc.create(root=tree("TXL_PBC", {**TXL, "labels/train/a.txt": content}))
    with pytest.raises(ImageRejected, match="a.txt, " + message):
        dataset.boxes(dataset.samples()[1])


def test_images_without_a_file_of_boxes_are_named(tree) -> None:
    """None is read as an image without cells."""
    root = tree("TXL_PBC", {**TXL, "images/train/d.jpg": None})
    with pytest.raises(DataError, match=r"1 of 4 images have no file of boxes: train/d.jpg"):
        TxlPbc.create(root=root).samples()


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
