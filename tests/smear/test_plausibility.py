"""Whether nuclei are stained like nuclei: drawn stains with a known answer, and real segmentations."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import rgb2lab

from leukokit.api import LabelImage, Labels, RGBImage, read_image
from leukokit.api.smear import plausible_nuclei
from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed
from leukokit.plugins.segment.multi_otsu import MultiOtsu
from leukokit.testing.images import disks, solid

STAINS = {
    # glass, red cell, cytoplasm, nucleus
    "gray red cells": ((235, 230, 240), (165, 170, 185), (190, 165, 215), (130, 90, 185)),
    "pink nuclei": ((245, 242, 250), (180, 185, 195), (225, 180, 230), (205, 140, 220)),
    "pink red cells": ((190, 235, 220), (185, 70, 120), (165, 150, 180), (60, 40, 130)),
    "blue-gray red cells": ((240, 245, 250), (130, 165, 215), (170, 150, 225), (130, 95, 205)),
}
CENTERS = [(x, y) for y in (24, 72, 120, 168) for x in (24, 72, 120, 168)]


def field(stain: str, white: int) -> tuple[RGBImage, LabelImage, LabelImage]:
    """Draw sixteen cells, the first of them white; labels of nuclei and cells for all, ids 1..16."""
    glass, red, cytoplasm, stained = STAINS[stain]
    image = np.full((192, 192, 3), glass, np.float64)
    nucleus, cell = np.zeros((2, 192, 192), np.int32)
    for number, center in enumerate(CENTERS, start=1):
        is_white = number <= white
        cv2.circle(image, center, 18, cytoplasm if is_white else red, -1)
        cv2.circle(cell, center, 18, number, -1)
        cv2.circle(nucleus, center, 13, number, -1)
        if is_white:
            cv2.circle(image, center, 13, stained, -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.0) + np.random.default_rng(0).normal(0, 4, image.shape)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    pixels.setflags(write=False)
    return pixels, nucleus, cell


def only(labels: LabelImage, numbers: range) -> LabelImage:
    return np.where(np.isin(labels, numbers), labels, 0).astype(np.int32)


@pytest.mark.parametrize("stain", STAINS)
@pytest.mark.parametrize("white", [1, 4, 10])
def test_white_cells_are_plausible(stain: str, white: int) -> None:
    """However the stain looks, and be white cells many or few."""
    image, nucleus, cell = field(stain, white)
    cells = range(1, white + 1)
    assert plausible_nuclei(image, only(nucleus, cells), only(cell, cells))


@pytest.mark.parametrize("stain", STAINS)
@pytest.mark.parametrize("white", [0, 1, 4])
def test_red_cells_are_not(stain: str, white: int) -> None:
    """Some red cells called white cells: the others have their color, and white cells are left over."""
    image, nucleus, cell = field(stain, white)
    taken = range(white + 1, white + 7)
    assert not plausible_nuclei(image, only(nucleus, taken), only(cell, taken))


@pytest.mark.parametrize("stain", ["pink red cells"])
def test_all_red_cells_beside_a_white_one_are_not(stain: str) -> None:
    """Nothing is left to compare with; but one nucleus is much bluer than what most are."""
    image, nucleus, cell = field(stain, 1)
    assert not plausible_nuclei(image, nucleus, cell)


def test_half_of_the_cells_cut_off_at_the_border_do_not_matter() -> None:
    """White cells that were cleared are part of the rest: the others are as plausible as before."""
    image, nucleus, cell = field("blue-gray red cells", 10)
    kept = range(1, 6)
    assert plausible_nuclei(image, only(nucleus, kept), only(cell, kept))


def test_there_is_no_verdict_without_anything_to_compare_with() -> None:
    """One cell on glass, on black, a flat image, no nucleus: plausible, with nothing to compare to."""
    image, nucleus, cell = field("gray red cells", 16)
    one = range(1, 2)
    crop = np.ascontiguousarray(image[:48, :48])
    assert plausible_nuclei(crop, only(nucleus, one)[:48, :48], only(cell, one)[:48, :48])
    assert plausible_nuclei(image * (cell > 0)[..., None].astype(np.uint8), nucleus, cell)
    nothing = np.zeros((48, 48), np.int32)
    assert plausible_nuclei(solid(), nothing, nothing)
    assert plausible_nuclei(crop, nothing, nothing)


def test_the_verdict_is_quick() -> None:
    """A fraction of one conversion to CIELAB, so that every segmentation can be asked."""
    image, labels = disks(size=224, cells=6)
    verdicts = least_time(lambda: plausible_nuclei(image, labels.nucleus, labels.cell))
    assert verdicts < least_time(lambda: rgb2lab(image)) / 4


def least_time(work: Callable[[], object]) -> float:
    """Process seconds of the quickest of many calls."""
    times = []
    for _ in range(40):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def verdict(image: RGBImage, labels: Labels) -> bool:
    return plausible_nuclei(image, labels.nucleus, labels.cell)


@pytest.mark.real_data
def test_expert_outlines_are_plausible(data_root: Path) -> None:
    """No false alarm on cells of another lab that experts outlined."""
    root = data_root / "wbc-masks"
    for path in sorted((root / "images").glob("*.png"))[::10]:
        mask = cv2.imread(str(root / "masks" / path.name), cv2.IMREAD_UNCHANGED)
        nucleus, cell = (mask == 2).astype(np.int32), (mask > 0).astype(np.int32)
        assert plausible_nuclei(read_image(path), nucleus, cell), path.name


@pytest.mark.real_data
def test_red_cells_of_pro_are_caught(data_root: Path) -> None:
    """The lowest red cluster is red cells in Pro, the lowest green one white cells."""
    red = KmeansWatershed.create(cluster_rule="lowest_red", clear_border=False)
    green = KmeansWatershed.create(clear_border=False)
    images = [read_image(path) for path in sorted((data_root / "all-pbs" / "Pro").iterdir())[4::100]]
    assert sum(not verdict(image, red.segment(image)) for image in images) >= len(images) - 1
    assert all(verdict(image, green.segment(image)) for image in images)


@pytest.mark.real_data
def test_pink_red_cells_called_white_are_caught(data_root: Path) -> None:
    """A field of another lab in which thresholds of an image took seventeen red cells for white ones."""
    path = data_root.parent / "cases" / "smears" / "pink_red_cells_256.png"
    image = read_image(path)
    labels = MultiOtsu.create(border="keep").segment(image)
    if labels.count > 4:
        assert not verdict(image, labels)
