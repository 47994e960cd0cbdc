"""Data sets with masks: LISC and the two halves of segmentation_WBC."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from leukokit.api import DataError, ImageRejected
from leukokit.testing.conformance import component_checks
from leukokit_hematology.lisc import Lisc
from leukokit_hematology.wbc_masks import WbcMasks

DATA = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[4] / "shared" / "data")
HERE = (DATA / "wbc-masks" / "masks").is_dir()


def mask(nucleus: int = 255, cytoplasm: int = 128, side: int = 16) -> np.ndarray:
    """Draw a cell of 6 x 6 px with a nucleus of 3 x 3."""
    pixels = np.zeros((side, side), np.uint8)
    pixels[2:8, 2:8] = cytoplasm
    pixels[3:6, 3:6] = nucleus
    return pixels


HALVES = {
    "Dataset 1/001.bmp": None,
    "Dataset 1/001.png": mask(),
    "Class Labels of Dataset 1.csv": "image ID,class label\n1,5\n",
    "Dataset 2/001.bmp": None,
    "Dataset 2/001.png": mask(),
    "Class Labels of Dataset 2.csv": "image ID,class\n1,2\n",
}


def test_both_halves_are_read_as_published(tree) -> None:
    """Images and masks lie side by side; the two tables have different headers."""
    root = tree("segmentation_WBC", HALVES)
    dataset = WbcMasks.create(root=root.parent)
    first, second = dataset.samples()
    assert [(s.id, s.label) for s in (first, second)] == [
        ("Dataset 1/001.bmp", "basophil"),
        ("Dataset 2/001.bmp", "lymphocyte"),
    ]
    truth = dataset.truth(first)
    assert truth is not None
    assert (np.count_nonzero(truth.nucleus), np.count_nonzero(truth.cell)) == (9, 36)
    assert [s.id for s in WbcMasks.create(root=root, half="cellavision").samples()] == ["Dataset 2/001.bmp"]
    for check in component_checks(WbcMasks, {"root": str(root)}):
        check()


def test_an_image_without_mask_or_class_is_named(tree) -> None:
    """Both kinds are listed at once."""
    root = tree("w", {**HALVES, "Dataset 1/002.bmp": None})
    with pytest.raises(DataError, match=r"002.bmp has no class, 002.bmp has no mask"):
        WbcMasks.create(root=root).samples()


def test_gray_values_that_nobody_published_are_listed(tree) -> None:
    """Grays along outlines reject the image, unless each is to be read as the nearest."""
    drawn = mask()
    drawn[2, 2:5] = (60, 140, 250)
    root = tree("w", {**HALVES, "Dataset 1/001.png": drawn})
    dataset = WbcMasks.create(root=root, half="jiangxi")
    with pytest.raises(
        ImageRejected, match=r"001.png holds the gray values 60, 140, 250.*mask_other=nearest"
    ):
        dataset.truth(dataset.samples()[0])
    nearest = WbcMasks.create(root=root, half="jiangxi", mask_other="nearest")
    truth = nearest.truth(nearest.samples()[0])
    assert truth is not None
    assert (np.count_nonzero(truth.nucleus), np.count_nonzero(truth.cell)) == (10, 35)


def test_masks_of_lisc_lack_the_border_of_the_image(tree) -> None:
    """They are 4 px smaller on each side; fields with several kinds are left out."""
    expert = "Ground Truth Segmentation/Baso/areaforexpert1/1_expert.bmp"
    files = {
        "Main Dataset/Baso/1.bmp": None,
        "Main Dataset/eosi/2.bmp": None,
        "Main Dataset/mixt/1.bmp": None,
    }
    root = tree("LISC Database", {**files, expert: mask(side=8)})
    dataset = Lisc.create(root=root.parent)
    with_mask, without = dataset.samples()
    assert (with_mask.label, without.label, without.mask_path) == ("basophil", "eosinophil", None)
    truth = dataset.truth(with_mask)
    assert truth is not None
    assert truth.cell.shape == (16, 16)
    assert (np.argwhere(truth.nucleus).min(), np.count_nonzero(truth.nucleus)) == (7, 9)
    assert dataset.truth(without) is None
    for check in component_checks(Lisc, {"root": str(root)}):
        check()


@pytest.mark.real_data
@pytest.mark.skipif(not HERE, reason="wbc-masks is not on this machine")
def test_the_real_masks_of_jiangxi_are_read() -> None:
    """300 cells of five classes; every tenth mask shows a cell with a nucleus."""
    dataset = WbcMasks.create(root=DATA)
    samples = dataset.samples()
    assert len(samples) == 300
    assert {s.label for s in samples} == {"neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil"}
    for sample in samples[::10]:
        truth = dataset.truth(sample)
        assert truth is not None
        assert truth.nucleus.any(), sample.id
