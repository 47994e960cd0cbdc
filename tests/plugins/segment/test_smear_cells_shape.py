"""Cells are rounded: arms taken off, stained bays filled, other cells left alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask
from leukokit.evaluation.masks import dice
from leukokit.plugins.segment.smear.scaled_image import RedCellUnits
from leukokit.plugins.segment.smear.shape import round_cells

UNITS = RedCellUnits(20.0)
EVERYWHERE = np.ones((90, 90), np.bool_)


def circle(row: int, column: int, radius: int) -> Mask:
    rows, columns = np.ogrid[:90, :90]
    inside: Mask = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return inside


def labeled(mask: Mask) -> NDArray[np.int32]:
    return mask.astype(np.int32)


def test_an_arm_is_taken_off() -> None:
    """An arm narrower than .4 red cells does not belong to the cell."""
    cell = circle(45, 40, 20)
    armed = cell.copy()
    armed[43:48, 55:85] = True
    out = round_cells(labeled(armed), circle(45, 40, 10), EVERYWHERE, UNITS)
    assert dice(out == 1, cell) > 0.98
    assert not out[:, 66:].any()


def test_a_stained_bay_is_filled_and_bare_glass_is_not() -> None:
    """A bay in the cytoplasm is filled where something is stained."""
    cell = circle(45, 45, 20)
    bay = circle(45, 63, 7)
    nucleus = circle(45, 38, 9)
    filled = round_cells(labeled(cell & ~bay), nucleus, EVERYWHERE, UNITS)
    assert dice(filled == 1, cell) > 0.97
    bare = round_cells(labeled(cell & ~bay), nucleus, ~bay, UNITS)
    assert not bare[bay].any()


def test_another_cell_keeps_its_pixels() -> None:
    """A neighbor that dents a cell is not filled over."""
    first, second = circle(45, 35, 20), circle(45, 60, 10)
    parts = labeled(first & ~second) + 2 * labeled(second)
    out = round_cells(parts, circle(45, 30, 9) | second, EVERYWHERE, UNITS)
    assert np.array_equal(out == 2, second)


def test_a_cell_that_is_all_nucleus_keeps_its_shape() -> None:
    """Where there is hardly any cytoplasm, the nucleus makes the shape, arms and all."""
    nucleus = circle(45, 40, 18)
    nucleus[43:47, 50:80] = True
    out = round_cells(labeled(nucleus), nucleus, EVERYWHERE, UNITS)
    assert np.array_equal(out > 0, nucleus)
