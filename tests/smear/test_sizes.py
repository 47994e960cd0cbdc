"""The most frequent size, and how sure it is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leukokit.smear.sizes import DIAMETER, NucleusSizes, SizeMode
from leukokit.smear.windows import edge_windows
from tests.smear.drawn_smear import GLASS_COLOR, NUCLEUS_COLOR, RED_CELL_COLOR


def circles(*radii: float) -> NDArray[np.float64]:
    """Whole circles anywhere."""
    return np.array([[0.0, 0.0, radius, 1.0] for radius in radii])


def test_the_most_frequent_size_is_that_of_red_cells() -> None:
    """A platelet and a large cell are no part of it."""
    mode = SizeMode.of(circles(10, 10.2, 9.8, 10, 4, 20), 1000.0)
    assert mode.diameter == pytest.approx(10 * DIAMETER, rel=0.02)
    assert sorted(mode.circles[:, 2]) == [9.8, 10, 10, 10.2]
    assert 0.5 < mode.confidence < 0.8


def test_a_size_is_surer_the_more_circles_show_it() -> None:
    """Two circles prove little, four that cover the foreground a lot."""
    few, more = (SizeMode.of(circles(*[10.0] * n), 1000.0).confidence for n in (2, 4))
    assert few < more == 1.0


def test_circles_that_cover_little_of_the_foreground_are_doubted() -> None:
    """Most of what is there is something else."""
    assert SizeMode.of(circles(*[10.0] * 4), 40_000.0).confidence < 0.2


@pytest.mark.parametrize("few", [circles(10.0), np.zeros((0, 4))])
def test_one_circle_is_no_mode(few: NDArray[np.float64]) -> None:
    """It might be anything."""
    mode = SizeMode.of(few, 1000.0)
    assert math.isnan(mode.diameter)
    assert mode.confidence == 0
    assert mode.circles.shape == (0, 3)


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.5])
def test_nuclei_are_measured_in_px_of_the_image(factor: float) -> None:
    """A disk is as wide as the circle inside."""
    image = np.full((224, 224, 3), GLASS_COLOR, np.uint8)
    cv2.circle(image, (60, 60), 24, NUCLEUS_COLOR, -1)
    cv2.circle(image, (150, 140), 24, NUCLEUS_COLOR, -1)
    cv2.circle(image, (150, 60), 16, RED_CELL_COLOR, -1)
    sizes = NucleusSizes.of(edge_windows(image, factor))
    assert sizes.typical == pytest.approx(48, rel=0.1)
    assert sizes.inscribed == pytest.approx(48, rel=0.1)
    assert sizes.have_typical_size_for(30)
    assert not sizes.have_typical_size_for(90)
    assert not sizes.are_compatible_with(15)


def test_without_nuclei_there_are_no_sizes() -> None:
    """And any red cell fits beside them."""
    sizes = NucleusSizes.of(edge_windows(np.full((50, 50, 3), 230, np.uint8), 1.0))
    assert sizes == NucleusSizes(0.0, 0.0)
    assert sizes.are_compatible_with(10)
    assert not sizes.have_typical_size_for(10)
