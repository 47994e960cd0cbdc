"""Single steps of ``smear_cells``: reference scale, the red cells' color, lone cells, stains of nuclei."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from leukokit.api import FloatArray, Mask
from leukokit.plugins.segment.smear import (
    cells,
    learn_color,
    nuclei,
    nucleus_checks,
    red_color,
    scaled_image,
    stains,
)
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits

UNITS = RedCellUnits(20.0)
WHITE, SMUDGE = (110, 70, 190), (186, 150, 206)


@pytest.mark.parametrize(("diameter", "expected"), [(16.0, 16.0), (40.0, 40.0), (80.0, 36.0), (10.0, 20.0)])
def test_pictures_are_brought_to_reference_scale(diameter: float, expected: float) -> None:
    """Red cells of 16 to 40 px stay as they are; smaller ones become 20 px wide, larger ones 36."""
    made = scaled_image.at_reference_scale(np.zeros((300, 400, 3), np.uint8), None, diameter)
    assert made.units.diameter == pytest.approx(expected)
    assert made.shape == (round(300 * made.factor), round(400 * made.factor))


def test_huge_factors_are_held_back() -> None:
    """Tiny red cells are enlarged three times at most, and never past 1600 px."""
    assert scaled_image.at_reference_scale(np.zeros((100, 100, 3), np.uint8), None, 2.0).factor == 3.0
    assert max(scaled_image.at_reference_scale(np.zeros((90, 1200, 3), np.uint8), None, 8.0).shape) <= 1600


def test_labels_come_back_to_the_grid() -> None:
    """Labels made on a coarse grid keep their ids and their place on the fine one."""
    coarse = np.zeros((40, 60), np.int32)
    coarse[5:20, 5:25] = 1
    coarse[5:20, 25:45] = 2
    fine = scaled_image.to_grid(coarse, (120, 180))
    assert fine.shape == (120, 180)
    assert fine[36, 45] == 1
    assert fine[36, 105] == 2
    assert abs(np.count_nonzero(fine) / np.count_nonzero(coarse) - 9) < 0.5
    assert scaled_image.to_grid(coarse, (40, 60)) is coarse


@pytest.mark.parametrize("shape", [(37, 91), (120, 180), (15, 20), (100, 31)])
def test_the_grid_is_what_bilinear_interpolation_says(shape: tuple[int, int]) -> None:
    """Outlines are those of a bilinear resize, labels of the nearest pixel; parts agree with the whole."""
    rng = np.random.default_rng(3)
    labels = np.zeros((30, 40), np.int32)
    for number in range(1, 9):
        row, column = rng.integers(0, 26), rng.integers(0, 36)
        labels[row : row + 9, column : column + 9] = number
    part = (rng.random(labels.shape) < 0.6) & (labels > 0)
    fine = scaled_image.to_grid(labels, shape)
    size = shape[1], shape[0]
    share = cv2.resize((labels > 0).astype(np.float64), size, interpolation=cv2.INTER_LINEAR)
    clear = np.abs(share - 0.5) > 1e-6
    assert np.array_equal((fine > 0)[clear], (share > 0.5)[clear])
    rows = np.clip(((np.arange(shape[0]) + 0.5) * 30 / shape[0]).astype(int), 0, 29)
    columns = np.clip(((np.arange(shape[1]) + 0.5) * 40 / shape[1]).astype(int), 0, 39)
    nearest = labels[np.ix_(rows, columns)]
    named = (fine > 0) & (nearest > 0)
    assert np.array_equal(fine[named], nearest[named])
    inner = scaled_image.to_grid(labels, shape, part)
    assert inner.any()
    assert np.array_equal(inner[inner > 0], fine[inner > 0])


def measured(scene: Any) -> stains.Stains:
    measured_stains = stains.measure_stains(scene.image(), 20.0)
    assert measured_stains is not None
    return measured_stains


def circles(centers: list[tuple[int, int]]) -> FloatArray:
    return np.array([(row, column, 10.0) for row, column in centers])


def test_the_color_is_that_of_red_cells_though_circles_lie_on_white_ones(scene: Any) -> None:
    """Circles on white cells are told by their stain, where red cells have circles too."""
    centers = scene.crowd()
    white = [(60, 150), (120, 160), (180, 150)]
    for row, column in white:
        scene.disk(row, column, 12, WHITE)
    scene_stains = measured(scene)
    alone = red_color.color_in_circles(scene_stains, circles(centers))
    mixed = red_color.color_in_circles(scene_stains, circles(centers[:4] + white))
    assert alone is not None
    assert mixed is not None
    assert np.abs(alone.median - mixed.median).max() < 4


def test_circles_that_all_lie_on_white_cells_are_not_believed(scene: Any) -> None:
    """Where paler foreground of another hue is plenty, that is the color of red cells."""
    centers = scene.crowd()
    white = [(60, 150), (120, 160), (180, 150)]
    for row, column in white:
        scene.disk(row, column, 12, WHITE)
    scene_stains = measured(scene)
    right = red_color.color_in_circles(scene_stains, circles(centers))
    wrong = red_color.color_in_circles(scene_stains, circles(white))
    assert right is not None
    assert wrong is not None
    assert np.abs(right.median - wrong.median).max() < 12


def test_no_circles_tell_no_color(scene: Any) -> None:
    """Without circles, and with circles on bare glass, nothing is learned."""
    scene.crowd()
    scene_stains = measured(scene)
    assert red_color.color_in_circles(scene_stains, np.zeros((0, 3))) is None
    assert red_color.color_in_circles(scene_stains, np.array([[100.0, 200.0, 8.0]])) is None


def test_a_round_object_with_a_nucleus_is_a_cell(scene: Any) -> None:
    """A round object of the red cells' own color is a cell where a nucleus lies in it, and a chain is not."""
    pink = (150, 165, 196)
    lone = scene.disk(60, 60, 22, pink)
    chain = [scene.disk(160, column, 14, pink) for column in (60, 84, 108)]
    nucleus: Mask = scene.disk(60, 60, 10, WHITE) | scene.disk(160, 60, 8, WHITE)
    scene.disk(60, 160, 22, pink)
    isolated = cells.isolated_cells(measured(scene), nucleus, UNITS)
    assert isolated[lone].mean() > 0.95
    assert not isolated[chain[2]].any()
    assert not isolated[60, 160]


def test_smudges_are_not_stained_as_nuclei(scene: Any) -> None:
    """What is little more purple than red cells, and no darker, is no nucleus beside real ones."""
    centers = scene.crowd()
    places = [(40, 150), (40, 195), (100, 150), (100, 195), (170, 170)]
    masks = [
        scene.disk(row, column, 14, WHITE if n < 4 else SMUDGE) for n, (row, column) in enumerate(places)
    ]
    scene_stains = measured(scene)
    color_distance = learn_color.distance_from_red_cells(scene_stains, circles(centers), UNITS)
    assert color_distance is not None
    parts = sum((n + 1) * mask.astype(np.int32) for n, mask in enumerate(masks))
    candidates = np.array([False, *([True] * 5)])
    passed = nucleus_checks.with_nuclear_stain(scene_stains, color_distance, parts > 0, parts, candidates)
    assert passed[1:].tolist() == [True, True, True, True, False]
    nobody = np.zeros(6, np.bool_)
    assert not nucleus_checks.with_nuclear_stain(scene_stains, color_distance, parts > 0, parts, nobody).any()


def test_dark_red_cells_are_no_nuclei_where_no_circle_tells_their_color(scene: Any) -> None:
    """Brown ones as dark as nuclei are left out by hue; without them nothing is."""
    scene.disk(60, 60, 12, WHITE)
    scene.disk(120, 160, 12, WHITE)
    plain = measured(scene)
    nucleus = nuclei.find_nuclei(
        plain, nuclei.white_cell_foreground(plain, None), UNITS, 0.85, per_object=False
    )
    assert np.count_nonzero(nucleus) == pytest.approx(2 * 12**2 * np.pi, rel=0.15)
    brown = [(60, 120), (160, 60), (180, 120)]
    for row, column in brown:
        scene.disk(row, column, 12, (130, 65, 55))
    beside = measured(scene)
    again = nuclei.find_nuclei(
        beside, nuclei.white_cell_foreground(beside, None), UNITS, 0.85, per_object=False
    )
    assert np.count_nonzero(again) == pytest.approx(np.count_nonzero(nucleus), rel=0.15)
    assert not any(again[row - 14 : row + 15, column - 14 : column + 15].any() for row, column in brown)
