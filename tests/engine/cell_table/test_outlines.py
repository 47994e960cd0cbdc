"""Outlines cover exactly the pixels of an object."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from leukokit.engine.cell_table.outlines import Ring, polygons
from tests.engine.cell_table.rasterize import covered


def area(ring: Ring) -> float:
    """Area by the shoelace formula."""
    x, y = ring.T.astype(float)
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


@settings(max_examples=80, deadline=None)
@given(mask=arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))).filter(np.any))
def test_polygons_cover_the_mask(mask: NDArray[np.bool_]) -> None:
    """Any mask, with holes and parts that meet at corners, is covered by its polygons and nothing else is."""
    found = polygons(mask)
    assert np.array_equal(covered([ring for polygon in found for ring in polygon], mask.shape), mask)
    areas = [area(outer) - sum(map(area, holes)) for outer, *holes in found]
    assert sum(areas) == pytest.approx(np.count_nonzero(mask))


def test_a_square_has_four_corners() -> None:
    """Points on straight edges are left out."""
    mask = np.zeros((9, 9), np.bool_)
    mask[2:6, 3:8] = True
    ((ring,),) = polygons(mask)
    assert sorted(ring.tolist()) == [[3, 2], [3, 6], [8, 2], [8, 6]]
