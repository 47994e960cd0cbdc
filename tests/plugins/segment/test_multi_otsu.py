"""Two-level Otsu thresholds: known scenes, declared outcomes, and expert outlines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from leukokit.api import ImageRejected, RGBImage, Status
from leukokit.api.smear import white_balance
from leukokit.evaluation.masks import dice
from leukokit.plugins._shared.burned_in import find_scale_bars
from leukokit.plugins.segment.multi_otsu import MultiOtsu
from leukokit.testing import Check, conformance

CYTOPLASM, NUCLEUS, PALE = (182, 150, 216), (112, 70, 200), (165, 108, 216)


@conformance(MultiOtsu, red_cells=True, border="keep", median=1)
def test_contract_with_red_cells(check: Check) -> None:
    """The segmenter keeps the contract with red cells, kept borders and no filter."""
    check()


@conformance(MultiOtsu, scale_bar=True)
def test_contract_with_scale_bars(check: Check) -> None:
    """The segmenter keeps the contract with the role of scale bars."""
    check()


def test_scale_bars_are_a_role_of_their_own(scene: Any) -> None:
    """The burned-in label is labeled by its box; cells stay as they are without the role."""
    scene.disk(70, 90, 30, CYTOPLASM)
    scene.disk(70, 90, 18, NUCLEUS)
    image = scene.image().copy()
    image[190:210, 150:214] = 255
    cv2.putText(image, "10 um", (154, 203), cv2.FONT_HERSHEY_PLAIN, 0.9, (0, 0, 0), 1, cv2.LINE_8)
    plain = MultiOtsu().segment(image)
    labels = MultiOtsu.create(scale_bar=True).segment(image)
    assert MultiOtsu.create(scale_bar=True, red_cells=True).roles() == (
        "nucleus",
        "cell",
        "red_cell",
        "scale_bar",
    )
    assert set(plain.roles) == {"nucleus", "cell"}
    truth = np.zeros((224, 224), bool)
    truth[190:210, 150:214] = True
    assert dice(labels.roles["scale_bar"] == 1, truth) > 0.85
    assert labels.roles["scale_bar"].max() == 1
    assert labels.status is plain.status is Status.OK
    assert all(np.array_equal(labels.roles[role], plain.roles[role]) for role in plain.roles)
    without = MultiOtsu.create(scale_bar=True).segment(scene.image())
    assert not without.roles["scale_bar"].any()


def test_scale_bars_are_labeled_where_there_is_no_cell() -> None:
    """An image without cells still says where its scale bar is."""
    image = np.full((80, 120, 3), (232, 236, 238), np.uint8)
    image[50:70, 30:94] = 255
    cv2.putText(image, "10 um", (34, 63), cv2.FONT_HERSHEY_PLAIN, 0.9, (0, 0, 0), 1, cv2.LINE_8)
    labels = MultiOtsu.create(scale_bar=True).segment(image)
    assert labels.status is Status.NO_CELL
    assert labels.roles["scale_bar"].any()
    assert not labels.cell.any()


def test_finds_nucleus_and_cytoplasm(scene: Any) -> None:
    """A cell alone is found with its nucleus, both to Dice .95, under one id."""
    cell = scene.disk(110, 110, 45, CYTOPLASM)
    nucleus = scene.disk(104, 118, 25, NUCLEUS)
    labels = MultiOtsu().segment(scene.image())
    assert labels.status is Status.OK
    assert labels.count == 1
    assert dice(labels.cell > 0, cell) > 0.95
    assert dice(labels.nucleus > 0, nucleus) > 0.95


def test_red_cells_are_not_white_cells(scene: Any) -> None:
    """In a crowd of red cells only the purple cells count, also pale ones and touching ones."""
    centers = scene.crowd()
    dark = scene.disk(60, 170, 14, NUCLEUS)
    pale = scene.disk(150, 160, 15, PALE)
    scene.disk(150, 188, 15, PALE)
    labels = MultiOtsu.create(red_cells=True).segment(scene.image())
    assert labels.count == 3
    assert dice(labels.cell == labels.cell[60, 170], dark) > 0.92
    assert dice(labels.nucleus == labels.nucleus[150, 158], pale) > 0.9
    assert labels.cell[150, 158] != labels.cell[150, 190]
    inner = [labels.red_cell[row, column] for row, column in centers]
    assert len(set(inner)) == len(centers)
    assert 0 not in inner
    assert labels.red_cell.max() == len(centers)
    assert not (labels.red_cell[labels.cell > 0] > 0).any()


def test_white_cells_among_red_cells_are_cut_off_them(scene: Any) -> None:
    """A red cell that touches a white cell does not become its cytoplasm."""
    scene.crowd()
    scene.disk(100, 178, 12, (150, 165, 196))
    white = scene.disk(100, 157, 14, NUCLEUS)
    labels = MultiOtsu().segment(scene.image())
    assert labels.count == 1
    assert dice(labels.cell > 0, white) > 0.92


def test_cells_at_the_border(scene: Any) -> None:
    """Cut cells are cleared by default; where all are cut the status says it; ``keep`` keeps them."""
    scene.crowd()
    scene.disk(4, 170, 16, NUCLEUS)
    image = scene.image()
    cleared = MultiOtsu().segment(image)
    assert (cleared.status, cleared.count) == (Status.ALL_TOUCH_BORDER, 0)
    kept = MultiOtsu.create(border="keep").segment(image)
    assert (kept.status, kept.count) == (Status.OK, 1)


def test_a_field_of_red_cells_has_no_cell(scene: Any) -> None:
    """Without purple there is no white cell."""
    scene.crowd()
    labels = MultiOtsu().segment(scene.image())
    assert labels.status is Status.NO_CELL
    assert not labels.cell.any()


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (120, 60, 190)])
def test_constant_images_have_no_cell(color: tuple[int, int, int]) -> None:
    """One color, even that of a nucleus, is no cell."""
    labels = MultiOtsu.create(red_cells=True).segment(np.full((40, 50, 3), color, np.uint8))
    assert labels.status is Status.NO_CELL
    assert set(labels.roles) == {"nucleus", "cell", "red_cell"}
    assert all(image.shape == (40, 50) and not image.any() for image in labels.roles.values())


@pytest.mark.parametrize("shape", [(1, 1), (15, 200), (200, 15)])
def test_tiny_images_are_rejected(shape: tuple[int, int]) -> None:
    """A side below 16 px is refused, with the sizes in the message."""
    with pytest.raises(
        ImageRejected, match=f"too_small: {shape[1]} x {shape[0]} px; segmentation needs 16 x 16 or more"
    ):
        MultiOtsu().segment(np.zeros((*shape, 3), np.uint8))


def test_an_even_window_is_refused() -> None:
    """The message says which windows work."""
    with pytest.raises(ValidationError, match="must be odd: use 3 or 5"):
        MultiOtsu.create(median=4)


@pytest.mark.parametrize("red", [(226, 150, 168), (196, 178, 150), (150, 165, 196)])
def test_red_cells_of_any_color_are_red_cells(scene: Any, red: tuple[int, int, int]) -> None:
    """Pink ones are redder than any fixed threshold for purple; each image's own tell."""
    for row in range(20, 224, 30):
        for column in range(20, 224, 30):
            scene.disk(row, column, 10, red)
    white = scene.disk(110, 110, 14, NUCLEUS)
    labels = MultiOtsu.create(red_cells=True).segment(scene.image())
    assert (labels.status, labels.count) == (Status.OK, 1)
    assert dice(labels.cell > 0, white) > 0.9
    assert labels.red_cell.max() > 40


def test_blank_glass_has_no_cell() -> None:
    """Smooth noise on glass is thresholded like any image, but shows no stain."""
    noise = np.random.default_rng(3).normal(size=(224, 224)).astype(np.float32)
    coarse = cv2.GaussianBlur(noise, (0, 0), 4.0)
    glass = np.array([232.0, 226.0, 236.0]) + 12.0 * (coarse / coarse.std())[..., None]
    image = np.clip(np.rint(glass), 0, 255).astype(np.uint8)
    labels = MultiOtsu.create(border="keep", min_redness=-255).segment(image)
    assert labels.status is Status.NO_CELL
    assert not labels.cell.any()


@settings(max_examples=25, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(16, 40), st.integers(16, 40), st.just(3))))
def test_labels_of_any_image_are_consistent(image: RGBImage) -> None:
    """Nuclei lie in the cell of their id, ids are 1..n, and the status tells whether there is one."""
    labels = MultiOtsu.create(
        min_nucleus_area=4, min_cell_area=8, min_lobe_area=1, border="keep", scale_bar=True
    ).segment(image)
    inside = labels.nucleus > 0
    assert np.array_equal(labels.nucleus[inside], labels.cell[inside])
    assert set(np.unique(labels.cell)) - {0} == set(range(1, labels.count + 1))
    assert set(np.unique(labels.nucleus)) >= set(range(1, labels.count + 1))
    # Noise may be taken for cells whose nuclei are stained like no nucleus.
    assert (labels.status in (Status.OK, Status.IMPLAUSIBLE)) == (labels.count > 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3))
def test_turning_the_image_turns_the_labels(turns: int) -> None:
    """Masks do not depend on the orientation, but for pixels on the line between cells."""
    rows, columns = np.ogrid[:96, :96]
    image = np.full((96, 96, 3), (232, 236, 238), np.uint8)
    image[(rows - 40) ** 2 + (columns - 50) ** 2 <= 25**2] = CYTOPLASM
    image[(rows - 36) ** 2 + (columns - 54) ** 2 <= 14**2] = NUCLEUS
    straight = MultiOtsu().segment(image)
    turned = MultiOtsu().segment(np.ascontiguousarray(np.rot90(image, turns)))
    for role in ("nucleus", "cell"):
        assert np.array_equal(np.rot90(straight.roles[role], turns), turned.roles[role])


def test_white_balance_lands_on_the_level() -> None:
    """The percentile of each channel becomes the level; brighter values are clipped."""
    image = np.zeros((10, 10, 3), np.uint8)
    image[...] = np.arange(100).reshape(10, 10)[..., None] + (10, 60, 140)
    for channel in white_balance(image, 80.0, 235):
        assert channel.ravel()[79] == 235
        assert channel.max() <= 255
        assert (np.diff(channel.ravel().astype(int)) >= 0).all()


@pytest.mark.real_data
def test_agrees_with_expert_outlines(data_root: Path) -> None:
    """Mean Dice on the 300 cells of wbc-masks: nucleus .95 and cell .97 at least, and none is missed."""
    nucleus, cell = [], []
    segmenter = MultiOtsu.create(border="keep")
    for path in sorted((data_root / "wbc-masks" / "images").glob("*.png")):
        image = read(path, cv2.IMREAD_COLOR_RGB)
        truth = read(path.parents[1] / "masks" / path.name, cv2.IMREAD_UNCHANGED)
        labels = segmenter.segment(image)
        assert labels.status is Status.OK, path.name
        nucleus.append(dice(labels.nucleus > 0, truth == 2))
        cell.append(dice(labels.cell > 0, truth > 0))
    assert len(nucleus) == 300
    assert np.mean(nucleus) >= 0.954
    assert np.mean(cell) >= 0.974


@pytest.mark.real_data
def test_finds_cells_in_every_class(data_root: Path) -> None:
    """In a sample of whole fields of all four classes at least 97 of 100 images have a cell that is whole."""
    paths = [
        path for folder in sorted((data_root / "all-pbs").iterdir()) for path in sorted(folder.iterdir())
    ]
    sample = paths[::32]
    has_cells = [MultiOtsu().segment(read(path, cv2.IMREAD_COLOR_RGB)).status is Status.OK for path in sample]
    assert len(has_cells) > 100
    assert np.mean(has_cells) >= 0.97


@pytest.mark.real_data
def test_finds_the_scale_bars_of_real_images(data_root: Path) -> None:
    """On real fields the labeled boxes are those of the detector, and nearly all fields have one."""
    paths = sorted(path for folder in (data_root / "all-pbs").iterdir() for path in folder.iterdir())[::64]
    segmenter, agreements = MultiOtsu.create(scale_bar=True), []
    for path in paths:
        image = read(path, cv2.IMREAD_COLOR_RGB)
        bars = segmenter.segment(image).roles["scale_bar"]
        covered = np.zeros(bars.shape, bool)
        for overlay in find_scale_bars(image):
            covered[overlay.box] = True
        assert np.array_equal(bars > 0, covered), path.name
        agreements.append(bars.any())
    assert np.mean(agreements) > 0.9


@pytest.mark.slow
def test_is_fast(scene: Any) -> None:
    """A 224 x 224 field takes 3 ms of one core without its scale (twice that is allowed for here)."""
    scene.crowd()
    scene.disk(60, 170, 14, NUCLEUS)
    scene.disk(150, 160, 15, PALE)
    image, segmenter = scene.image(), MultiOtsu.create(reference_red_cell_px=None)
    segmenter.segment(image)
    best = min(timed(segmenter, image) for _ in range(40))
    assert best < 6e-3


def timed(segmenter: MultiOtsu, image: RGBImage) -> float:
    """Process seconds that one image takes."""
    start = time.process_time()
    segmenter.segment(image)
    return time.process_time() - start


def read(path: Path, flags: int) -> RGBImage:
    """Decode a file from its bytes."""
    return np.asarray(cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags), dtype=np.uint8)
