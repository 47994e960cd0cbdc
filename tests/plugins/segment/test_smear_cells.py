"""White cells of smears at any scale and stain: known scenes, declared outcomes, roles."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from leukokit.api import ImageRejected, Labels, RGBImage, Scale, ScaleSource, Status
from leukokit.evaluation.masks import dice
from leukokit.plugins.segment.smear_cells import SmearCells
from leukokit.testing import Check, conformance

CYTOPLASM, NUCLEUS, PALE = (176, 160, 214), (104, 66, 168), (158, 112, 200)
PINK_RED_CELL = (214, 158, 166)
THICK, THIN = (150, 165, 196), (200, 208, 222)


@conformance(SmearCells, red_cells=True, platelets=True, scale_bar=True, border="keep", min_nucleus=0.08)
def test_contract_with_all_roles(check: Check) -> None:
    """The segmenter keeps the contract with every role and kept borders."""
    check()


def smear(scene: Any, red_cell: tuple[int, int, int] | None = None) -> tuple[RGBImage, Any, Any]:
    """Two white cells among red cells of 20 px; the image, and the pixels of nuclei and cells."""
    for row, column in scene.crowd():
        if red_cell is not None:
            scene.disk(row, column, 10, red_cell)
    cells = scene.disk(80, 150, 22, CYTOPLASM) | scene.disk(160, 165, 18, CYTOPLASM)
    nuclei = scene.disk(78, 152, 15, NUCLEUS) | scene.disk(160, 165, 14, NUCLEUS)
    return scene.image(), nuclei, cells


def resized(image: RGBImage, factor: float) -> RGBImage:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=how), dtype=np.uint8)


def test_finds_white_cells_among_red_ones(scene: Any) -> None:
    """Two white cells are found with their nuclei, to Dice .93, and no red cell."""
    image, nuclei, cells = smear(scene)
    labels = SmearCells().segment(image)
    assert labels.status is Status.OK
    assert labels.count == 2
    assert dice(labels.nucleus > 0, nuclei) > 0.93
    assert dice(labels.cell > 0, cells) > 0.93


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_finds_the_same_at_any_size(scene: Any, factor: float) -> None:
    """The same smear at half, twice and three times the size has the same cells, on its own grid."""
    image, nuclei, cells = smear(scene)
    large = resized(image, factor)
    labels = SmearCells().segment(large)
    assert labels.count == 2
    assert labels.cell.shape == large.shape[:2]
    size = (224, 224)
    for mask, truth in ((labels.nucleus, nuclei), (labels.cell, cells)):
        back = cv2.resize((mask > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        assert dice(back, truth) > 0.9


def test_pink_red_cells_are_not_white_cells(scene: Any) -> None:
    """Red cells as pink as eosin makes them are no white cells."""
    image, nuclei, _ = smear(scene, PINK_RED_CELL)
    labels = SmearCells().segment(image)
    assert labels.count == 2
    assert dice(labels.nucleus > 0, nuclei) > 0.9


def test_pale_cells_beside_dark_ones_are_found(scene: Any) -> None:
    """A pale blast beside a dark one is found, and is all nucleus."""
    scene.crowd()
    scene.disk(60, 150, 14, (70, 50, 130))
    scene.disk(150, 165, 18, PALE)
    labels = SmearCells().segment(scene.image())
    assert labels.count == 2
    number = labels.cell[150, 165]
    assert number > 0
    assert np.count_nonzero(labels.nucleus == number) > 0.9 * np.count_nonzero(labels.cell == number)


def test_a_given_scale_is_used(scene: Any) -> None:
    """With a scale that says the cells are tiny, they are too small to be cells."""
    image, _, _ = smear(scene)
    given = Scale(20.0, 1.0, ScaleSource.GIVEN)
    assert SmearCells().segment(image, scale=given).count == 2
    large = Scale(120.0, 1.0, ScaleSource.GIVEN)
    assert SmearCells().segment(image, scale=large).count == 0


def test_an_unknown_scale_is_measured(scene: Any) -> None:
    """A scale that nobody knows is the same as none."""
    image, _, _ = smear(scene)
    plain, with_scale = SmearCells().segment(image), SmearCells().segment(image, scale=Scale())
    assert np.array_equal(plain.cell, with_scale.cell)


def test_other_roles_have_their_own_objects(scene: Any) -> None:
    """Red cells and platelets are labeled where asked for, apart from white cells."""
    scene.disk(30, 200, 3, NUCLEUS)
    centers = scene.crowd()
    image, _, cells = smear(scene)
    segmenter = SmearCells.create(red_cells=True, platelets=True, border="keep")
    assert segmenter.roles() == ("nucleus", "cell", "red_cell", "platelet")
    labels = segmenter.segment(image)
    red_cell_ids = {int(labels.red_cell[row, column]) for row, column in centers} - {0}
    assert len(red_cell_ids) >= 0.9 * len(centers)
    assert not labels.red_cell[cells].any()
    assert labels.roles["platelet"].max() == 1
    assert labels.roles["platelet"][30, 200] == 1
    assert np.array_equal(labels.cell, SmearCells.create(border="keep").segment(image).cell)


def test_red_cells_that_touch_are_told_apart_and_thin_ones_are_found(scene: Any) -> None:
    """Two red cells that overlap by nearly half are two; a thin one is found, too."""
    scene.crowd()
    pair = [(30, 150), (30, 161)]
    for row, column in pair:
        scene.disk(row, column, 10, THICK)
    scene.disk(30, 200, 10, THIN)
    smear(scene)
    labels = SmearCells.create(red_cells=True).segment(scene.image())
    found = [int(labels.red_cell[row, column]) for row, column in (*pair, (30, 200))]
    assert 0 not in found
    assert len(set(found)) == 3


def test_cells_at_the_border_are_kept_or_cleared(scene: Any) -> None:
    """A cell that the border cuts is kept where asked for, and else told by the status."""
    scene.crowd()
    scene.disk(100, 223, 22, CYTOPLASM)
    scene.disk(100, 222, 15, NUCLEUS)
    image = scene.image()
    assert SmearCells.create(border="keep").segment(image).count == 1
    cleared = SmearCells().segment(image)
    assert cleared.count == 0
    assert cleared.status is Status.ALL_TOUCH_BORDER


def test_crops_of_single_cells_take_smaller_nuclei(scene: Any) -> None:
    """Without red cells the scale is guessed from the nucleus, and the whole cell is found."""
    scene.size = 120
    cell = scene.disk(60, 60, 40, CYTOPLASM)
    nucleus = scene.disk(56, 62, 26, NUCLEUS)
    labels = SmearCells.create(border="keep", min_nucleus=0.08).segment(scene.image())
    assert labels.count == 1
    assert dice(labels.nucleus > 0, nucleus) > 0.95
    assert dice(labels.cell > 0, cell) > 0.95


@pytest.mark.parametrize("grain", [0.0, 1.0, 3.0, 8.0, 16.0])
def test_noise_has_no_cells(grain: float) -> None:
    """Bare glass with noise of any grain has no cell."""
    rng = np.random.default_rng(round(grain))
    noise = rng.normal(size=(160, 160, 3)) + rng.normal(size=(160, 160, 1))
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain)
    image = np.clip(np.rint(np.array([226, 214, 222]) + 6 * noise / noise.std()), 0, 255).astype(np.uint8)
    labels = SmearCells.create(border="keep").segment(image)
    assert labels.status is Status.NO_CELL
    assert not labels.cell.any()


def test_red_cells_alone_are_no_cells(scene: Any) -> None:
    """A field of red cells has no white cell."""
    scene.crowd()
    assert SmearCells().segment(scene.image()).status is Status.NO_CELL


def test_black_is_never_labeled(scene: Any) -> None:
    """Outside of a round view there is no cell; the cells inside are found as without it."""
    image, _, cells = smear(scene)
    rows, columns = np.ogrid[:224, :224]
    outside = (rows - 112) ** 2 + (columns - 112) ** 2 > 108**2
    view = np.where(outside[..., None], 0, image).astype(np.uint8)
    labels = SmearCells.create(border="keep", red_cells=True).segment(view)
    assert all(not role[view.max(axis=2) <= 14].any() for role in labels.roles.values())
    assert labels.count == 2
    assert dice(labels.cell > 0, cells) > 0.9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_color_has_no_cells(level: int) -> None:
    """Images of one gray level are declared to have no cell."""
    labels = SmearCells().segment(np.full((64, 64, 3), level, np.uint8))
    assert labels.status is Status.NO_CELL


def test_tiny_images_are_declined() -> None:
    """Fewer than 16 px on a side is refused with the size."""
    with pytest.raises(ImageRejected, match="12 x 40"):
        SmearCells().segment(np.zeros((40, 12, 3), np.uint8))


def labels_agree(first: Labels, second: Labels) -> bool:
    """Whether two results have the same label images."""
    return all(np.array_equal(first.roles[role], second.roles[role]) for role in first.roles)


def test_the_scale_bar_is_a_role_of_its_own(scene: Any) -> None:
    """A burned-in label is labeled where asked for; cells stay as they are."""
    smear(scene)
    image = scene.image().copy()
    image[190:210, 150:214] = 255
    cv2.putText(image, "10 um", (154, 203), cv2.FONT_HERSHEY_PLAIN, 0.9, (0, 0, 0), 1, cv2.LINE_8)
    plain, with_bar = SmearCells().segment(image), SmearCells.create(scale_bar=True).segment(image)
    assert labels_agree(plain, with_bar)
    assert with_bar.roles["scale_bar"].max() == 1


@pytest.mark.parametrize("diameter", [1.0, 1.5, 60.0])
def test_ids_have_no_gaps_at_a_wrong_scale(diameter: float) -> None:
    """Noise at a scale far off makes specks that the way back to the image's grid loses; their ids go too."""
    image = np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8)
    image[:60] = cv2.GaussianBlur(image[:60], (0, 0), 1.5)
    segmenter = SmearCells.create(
        red_cells=True, platelets=True, border="keep", min_nucleus=0.01, evidence=0.0
    )
    labels = segmenter.segment(image, scale=Scale(diameter, 1.0, ScaleSource.GIVEN))
    for role, label_image in labels.roles.items():
        ids = np.unique(label_image)
        assert ids.tolist() == list(range(len(ids))), role
    assert set(np.unique(labels.cell)) == set(np.unique(labels.nucleus))
