"""Edges of cells, and the first guess of what is a nucleus."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.edges import find_edges
from tests.smear.drawn_smear import GLASS_COLOR, NUCLEUS_COLOR, RED_CELL_COLOR

Image = NDArray[np.uint8]


def scene() -> Image:
    """Draw a red cell at (40, 40), of radius 20, and a nucleus at (40, 110), of radius 25."""
    image = np.full((80, 150, 3), GLASS_COLOR, np.uint8)
    cv2.circle(image, (40, 40), 20, RED_CELL_COLOR, -1)
    cv2.circle(image, (110, 40), 25, NUCLEUS_COLOR, -1)
    return image


def test_edges_point_into_the_cell() -> None:
    """Every edge pixel lies on a rim, and its dark side is the center's."""
    points = find_edges(scene()).points
    for x, radius in ((40, 20), (110, 25)):
        away = np.array([40, x]) - points[:, :2]
        distance = np.hypot(*away.T)
        rim = np.abs(distance - radius) < 2.5
        assert rim.sum() > 4 * radius
        assert ((away / distance[:, None] * points[:, 2:]).sum(axis=1)[rim] > 0.9).all()
    assert np.allclose(np.hypot(*points[:, 2:].T), 1, atol=1e-6)


def test_edges_come_in_the_order_of_rows() -> None:
    """The fit of circles looks rows up."""
    assert (np.diff(find_edges(scene()).points[:, 0]) >= 0).all()


def test_the_nucleus_is_told_from_the_red_cell() -> None:
    """By its stain; its edges are marked, and those of the red cell are not."""
    edges = find_edges(scene())
    assert edges.nucleus[40, 110] == 1
    assert edges.nucleus[40, 40] == 0
    assert edges.foreground[40, 110] == edges.foreground[40, 40] == 1
    assert edges.foreground[5, 5] == 0
    assert np.array_equal(edges.near_nucleus, edges.points[:, 1] > 75)


def test_a_pink_red_cell_is_reddish_and_a_nucleus_is_not() -> None:
    """Where both seem to be nuclei, this tells them apart."""
    edges = find_edges(scene())
    assert edges.reddish[40, 40] == 1
    assert edges.reddish[40, 110] == 0


def test_black_has_no_edge() -> None:
    """Neither its rim nor anything in it."""
    image = scene()
    image[:, :75] = 0
    edges = find_edges(image)
    assert (edges.points[:, 1] > 78).all()
    assert not edges.foreground[:, :75].any()


def test_edges_of_noise_are_not_steep() -> None:
    """Against those of cells, though the thresholds follow the noise."""
    noise = np.random.default_rng(0).normal(0, 10, (80, 150, 3)) + GLASS_COLOR
    blank = find_edges(np.clip(noise, 0, 255).astype(np.uint8))
    assert len(blank.points) > 100
    assert blank.steepness < 2.4
    assert find_edges(scene()).steepness > 10
