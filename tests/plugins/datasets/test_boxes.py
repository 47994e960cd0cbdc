"""Files with boxes: VOC, YOLO and COCO give the same boxes; mistakes are told with file and line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.api import Box, DataError, Part
from leukokit.plugins.datasets.boxes import Boxes, BoxesParams

RED, WHITE = Box(10, 20, 30, 40, "RBC", "red_cell"), Box(50, 5, 100, 55, "WBC", "cell")


def picture(path: Path) -> None:
    """Write an image of 100 x 80 px."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((80, 100, 3), 200, np.uint8)).save(path)


def voc_object(label: str, *edges: object) -> str:
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{name}>{edge}</{name}>" for name, edge in zip(names, edges, strict=True))
    part = "<part><name>nucleus</name><bndbox><xmin>1</xmin></bndbox></part>"
    return f"<object>\n<name>{label}</name><bndbox>{box}</bndbox>{part}</object>\n"


def voc(folder: Path, *objects: str, head: str = "") -> Path:
    picture(folder / "images/a.png")
    (folder / "annotations").mkdir(exist_ok=True)
    (folder / "annotations/a.xml").write_text(f"{head}<annotation>\n{''.join(objects)}</annotation>")
    return folder


def yolo(folder: Path, text: str, **files: str) -> Path:
    picture(folder / "images/a.png")
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "labels/a.txt").write_text(text)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return folder


def coco(folder: Path, **changes: Any) -> Path:
    picture(folder / "train/a.png")
    content: Mapping[str, Any] = {
        "images": [{"id": 7, "file_name": "a.png", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "RBC"}, {"id": 2, "name": "WBC"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 20, 20]},
            {"id": 2, "image_id": 7, "category_id": 2, "bbox": [50, 5, 50, 50]},
        ],
    }
    (folder / "train/_annotations.coco.json").write_text(json.dumps({**content, **changes}))
    return folder


def dataset(root: Path, **params: Any) -> Boxes:
    return Boxes(BoxesParams(root=root, **params))


def message(root: Path, **params: Any) -> str:
    with pytest.raises(DataError) as caught:
        dataset(root, **params).samples()
    return f"{caught.value.where}: {caught.value.what} | {caught.value.hint}"


def test_all_formats_give_the_same_boxes(tmp_path: Path) -> None:
    """Edges in px, labels by name, roles by the usual names."""
    names = ("voc", "yolo", "named", "coco")
    lines = "0 0.2 0.375 0.2 0.25\n1 0.75 0.375 0.5 0.625\n"
    voc(tmp_path / "voc", voc_object("RBC", 10, 20, 30, 40), voc_object("WBC", 50, 5, 100, 55))
    yolo(tmp_path / "yolo", lines, data_yaml="names: {0: RBC, 1: WBC}\nnc: 2\n")
    yolo(tmp_path / "named", lines, classes_txt="RBC\nWBC\n")
    coco(tmp_path / "coco")
    for name in names:
        found = dataset(tmp_path / name)
        (sample,) = found.samples()
        boxes = found.boxes(sample)
        assert boxes is not None, name
        np.testing.assert_allclose(
            [(box.x0, box.y0, box.x1, box.y1) for box in boxes],
            [(box.x0, box.y0, box.x1, box.y1) for box in (RED, WHITE)],
            err_msg=name,
        )
        assert [(box.label, box.role) for box in boxes] == [("RBC", "red_cell"), ("WBC", "cell")]
        assert sample.label is None


def test_an_outline_is_read_as_the_box_around_it_and_roles_can_be_named(tmp_path: Path) -> None:
    """YOLO's lines of segmentation have more than five numbers."""
    yolo(tmp_path, "0 0.1 0.25 0.3 0.25 0.3 0.5 0.1 0.5\n")
    found = dataset(tmp_path, classes=("blast",), roles={"blast": "cell"})
    boxes = found.boxes(found.samples()[0])
    assert boxes is not None
    assert [(b.x0, b.y0, b.x1, b.y1, b.role) for b in boxes] == [(10, 20, 30, 40, "cell")]


def test_images_without_boxes_and_boxes_without_area_are_told(tmp_path: Path) -> None:
    """VOC: an image without a file is not looked at; YOLO: it has no object."""
    voc(tmp_path / "voc", voc_object("RBC", 10, 20, 10, 20), voc_object("RBC", 10, 20, 30, 40))
    picture(tmp_path / "voc/images/b.png")
    found = dataset(tmp_path / "voc")
    first, second = found.samples()
    assert found.boxes(first) == [RED]
    assert found.boxes(second) is None
    assert list(found.notes()) == [
        "1 image without boxes: images/b.png",
        "1 box without an area, left out; the first: annotations/a.xml: line 2",
    ]
    yolo(tmp_path / "yolo", "0 0.2 0.375 0.2 0.25\n")
    picture(tmp_path / "yolo/images/b.png")
    lines = dataset(tmp_path / "yolo", classes=("RBC",))
    assert lines.boxes(lines.samples()[1]) == []
    assert "count as images without objects" in lines.notes()[0]


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        (
            voc_object("RBC", 10, 20, "x", 40),
            "annotations/a.xml: line 2: xmax is 'x', expected a number of px",
        ),
        (
            voc_object("RBC", 30, 20, 10, 40),
            "line 2: the box of RBC goes from (30, 20) to (10, 40); expected",
        ),
        (voc_object("", 1, 2, 3, 4), "annotations/a.xml: line 2: the object has no <name>"),
        ("<object>", "annotations/a.xml: line 2: is no XML: mismatched tag"),
    ],
)
def test_mistakes_in_xml_are_told_with_their_line(tmp_path: Path, objects: str, said: str) -> None:
    """All of them before a run starts."""
    assert said in message(voc(tmp_path, objects))


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    """Entities could blow a file up, or name another file; in UTF-16 too."""
    head = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>\n'
    voc(tmp_path, voc_object("&b;", 1, 2, 3, 4), head=head)
    assert "annotations/a.xml: has a document type; delete the line <!DOCTYPE ...>" in message(tmp_path)
    file = tmp_path / "annotations/a.xml"
    file.write_text(f'<?xml version="1.0" encoding="UTF-16"?>{file.read_text()}', encoding="utf-16")
    assert "has a document type" in message(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 0.5 0.5 0.1", "labels/a.txt: line 2: 4 numbers, expected 5: class, x, y, width, height"),
        ("7 0.5 0.5 0.1 0.1", "line 2: class '7', expected a number from 0 to 1 (RBC, WBC)"),
        ("0 50 50 10 10", "line 2: '50 50 10 10', expected shares of the image from 0 to 1"),
        ("0 0.5 nan 0.1 0.1", "line 2: '0.5 nan 0.1 0.1', expected shares"),
        ("0 0.5 0.5 -0.1 0.1", "line 2: width -0.1 and height 0.1, expected shares above 0"),
    ],
)
def test_mistakes_in_text_are_told_with_their_line(tmp_path: Path, line: str, said: str) -> None:
    """Whatever else the file holds."""
    assert said in message(yolo(tmp_path, f"0 0.5 0.5 0.1 0.1\n{line}\n"), classes=("RBC", "WBC"))


def test_classes_of_numbers_have_to_be_named(tmp_path: Path) -> None:
    """By the recipe or a file; a damaged file is told with its line."""
    yolo(tmp_path, "0 0.5 0.5 0.1 0.1\n")
    assert "--set 'data.params.classes=[WBC, RBC, Platelets]'" in message(tmp_path)
    (tmp_path / "data.yaml").write_text("nc: 2\nnames: [a\n")
    assert "data.yaml: line 3: is no YAML" in message(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"categories": []}, "train/_annotations.coco.json: annotation 1: no category has the id 1"),
        ({"images": []}, "annotation 1: no image has the id 7"),
        ({"images": [{"id": 7, "file_name": "c.png"}]}, "image 7: there is no c.png"),
        ({"annotations": [{"image_id": 7, "category_id": 1, "bbox": [1, 2]}]}, "annotations.0.bbox.2: Field"),
    ],
)
def test_mistakes_in_json_are_told(tmp_path: Path, changes: Mapping[str, Any], said: str) -> None:
    """By their id or their place."""
    assert said in message(coco(tmp_path, **changes))


def test_formats_are_told_apart_or_asked_for(tmp_path: Path) -> None:
    """Several formats in one folder are an error that names a file of each."""
    assert "holds no images" in message(tmp_path)
    picture(tmp_path / "a.png")
    assert "holds no file with boxes" in message(tmp_path)
    voc(tmp_path, voc_object("RBC", 10, 20, 30, 40))
    (tmp_path / "a.png").unlink()
    yolo(tmp_path, "0 0.5 0.5 0.1 0.1\n")
    said = message(tmp_path)
    assert "several formats: voc (annotations/a.xml), yolo (labels/a.txt)" in said
    assert "--set data.params.format=voc" in said
    assert len(dataset(tmp_path, format="voc").samples()) == 1
    assert "holds no .json file with boxes" in message(tmp_path, format="coco")


def test_folders_of_parts_are_a_split(tmp_path: Path) -> None:
    """As Roboflow and Ultralytics lay data sets out."""
    for part in ("train", "valid", "test"):
        picture(tmp_path / part / "images/a.png")
        (tmp_path / part / "labels").mkdir()
        (tmp_path / part / "labels/a.txt").write_text("0 0.2 0.375 0.2 0.25\n")
    found = dataset(tmp_path, classes=("RBC",))
    assert found.default_split() == "folders"
    assert found.splits()["folders"] == {
        "train/images/a.png": Part.TRAIN,
        "valid/images/a.png": Part.VALIDATION,
        "test/images/a.png": Part.TEST,
    }
    assert all(len(found.boxes(sample) or ()) == 1 for sample in found.samples())
