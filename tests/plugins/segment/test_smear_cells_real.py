"""White cells on three labs' images: expert outlines, boxes, other sizes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leukokit.api import RGBImage
from leukokit.evaluation.masks import dice
from leukokit.plugins.segment.smear_cells import SmearCells

pytestmark = pytest.mark.real_data


def read(path: Path, how: int = cv2.IMREAD_COLOR_RGB) -> NDArray[np.uint8]:
    decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), how)
    return np.asarray(decoded, dtype=np.uint8)


def count(image: RGBImage) -> int:
    return SmearCells.create(border="keep").segment(image).count


def resized(image: RGBImage, factor: float) -> RGBImage:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=how), dtype=np.uint8)


def test_agrees_with_expert_outlines(data_root: Path) -> None:
    """Median Dice on every third crop of wbc-masks: nucleus .965 and cell .98 at least, one cell in 95 %."""
    nucleus, cell, one = [], [], 0
    segmenter = SmearCells.create(border="keep")
    paths = sorted((data_root / "wbc-masks" / "images").glob("*.png"))[::3]
    for path in paths:
        truth = read(path.parents[1] / "masks" / path.name, cv2.IMREAD_UNCHANGED)
        labels = segmenter.segment(read(path))
        nucleus.append(dice(labels.nucleus > 0, truth == 2))
        cell.append(dice(labels.cell > 0, truth > 0))
        one += labels.count == 1
    assert np.median(nucleus) >= 0.965
    assert np.quantile(nucleus, 0.1) >= 0.91
    assert np.median(cell) >= 0.98
    assert np.quantile(cell, 0.1) >= 0.955
    assert one >= 0.95 * len(paths)


def test_a_tight_crop_of_half_the_size_keeps_its_cell(data_root: Path) -> None:
    """Where the cell's own texture fills the image, its nucleus still is seen: none of 30 crops is lost."""
    paths = sorted((data_root / "wbc-masks" / "images").glob("*.png"))[110:140]
    assert all(count(resized(read(path), 0.5)) >= 1 for path in paths)


def test_counts_another_labs_fields(data_root: Path) -> None:
    """On every 15th field of bccd the number of white cells is that of the boxes in 88 % at least."""
    exact = []
    for path in sorted((data_root / "bccd" / "images").glob("*.jpg"))[::15]:
        tree = ElementTree.parse(path.parents[1] / "annotations" / f"{path.stem}.xml")
        names = [item.findtext("name") for item in tree.iter("object")]
        exact.append(count(read(path)) == names.count("WBC"))
    assert np.mean(exact) >= 0.88


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_counts_at_any_size(data_root: Path, factor: float) -> None:
    """At high magnification, half and twice of it, counts on every eighth image of pbc-boxes are exact."""
    exact = []
    for path in sorted((data_root / "pbc-boxes" / "images").glob("*.jpg"))[::8]:
        rows = np.loadtxt(path.parents[1] / "labels" / f"{path.stem}.txt", ndmin=2)
        exact.append(count(resized(read(path), factor)) == np.count_nonzero(rows[:, 0] == 0))
    assert np.mean(exact) >= 0.9


def test_takes_no_red_cells(data_root: Path) -> None:
    """On a sample of all-pbs, cells are purple: green is absorbed more than red and blue are."""
    gray, cells = 0, 0
    segmenter = SmearCells.create(border="keep")
    for folder in sorted((data_root / "all-pbs").iterdir()):
        for path in sorted(folder.glob("*.jpg"))[::100]:
            image = read(path)
            labels = segmenter.segment(image)
            red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
            purple = (red + blue) / 2 - green
            usual = float(np.median(purple))
            for number in range(1, int(labels.cell.max()) + 1):
                gray += float(np.median(purple[labels.nucleus == number])) < usual + 12
                cells += 1
    assert cells > 250
    assert gray <= 0.02 * cells
