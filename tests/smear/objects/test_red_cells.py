"""Neighbors and central pallor of drawn red cells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leukokit.smear.objects.red_cells import central_pallor, count_neighbors, glass_level
from leukokit.smear.objects.shapes import places


def disks(*disks: tuple[int, int, int], shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    """Draw disks: row, column, radius."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for number, (row, column, radius) in enumerate(disks, start=1):
        labels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = number
    return labels


@pytest.mark.parametrize(("gap", "expected"), [(0, [1, 1, 0]), (3, [1, 1, 0]), (6, [0, 0, 0])])
def test_a_gap_of_a_tenth_of_a_diameter_is_touching(gap: int, expected: list[int]) -> None:
    """Cells of 40 px with a gap of 3 px are neighbors, with one of 6 px they are not; none is its own."""
    red = disks((40, 30, 20), (40, 30 + 41 + gap, 20), (90, 130, 20))
    assert count_neighbors(red, places(red), red, 40.0).tolist() == expected


def test_white_cells_count_the_red_ones_around_them() -> None:
    """A white cell between two red cells has two neighbors, and without a scale only what touches."""
    white = disks((60, 80, 20))
    red = disks((60, 37, 20), (60, 123, 20), (110, 20, 9))
    assert count_neighbors(white, places(white), red, 40.0).tolist() == [2]
    assert count_neighbors(white, places(white), red, math.nan).tolist() == [0]


def test_pallor_is_how_much_paler_the_center_is() -> None:
    """0 evenly stained, .5 with half the stain in the center, 1 with none; below 0 with a dark center."""
    labels = disks((30, 30, 20), (30, 80, 20), (30, 130, 20), (80, 30, 20), (80, 90, 1))
    green = np.full(labels.shape, 200, np.uint8)
    green[labels > 0] = 100
    for column, level in ((80, 150), (130, 200)):
        green[disks((30, column, 9)) > 0] = level
    green[disks((80, 30, 9)) > 0] = 60
    glass = glass_level(green, labels > 0)
    assert glass == 200
    pallor = central_pallor(labels, places(labels), green, glass)
    assert pallor[:4] == pytest.approx([0, 0.5, 1, -0.4])
    assert math.isnan(pallor[4]), "of a speck nothing can be said"


def test_without_glass_nothing_is_said() -> None:
    """An image that is all cells shows no level of glass."""
    labels = np.ones((20, 20), np.int32)
    green = np.full(labels.shape, 90, np.uint8)
    assert math.isnan(glass_level(green, labels > 0))
    assert np.isnan(central_pallor(labels, places(labels), green, math.nan)).all()
