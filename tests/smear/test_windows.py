"""Parts of images at a workable size, and circles in px of the image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leukokit.smear.windows import edge_windows, red_cell_circles
from tests.smear.drawn_smear import GLASS_COLOR, RED_CELL_COLOR, drawn_smear


@pytest.mark.parametrize("factor", [0.2, 0.5, 1.0, 1.7])
def test_circles_are_in_px_of_the_image(factor: float) -> None:
    """Whatever the image was resized by."""
    image = np.full((190, 200, 3), GLASS_COLOR, np.uint8)
    cv2.circle(image, (90, 100), 40, RED_CELL_COLOR, -1)
    fields = edge_windows(cv2.GaussianBlur(image, (0, 0), 1.5).astype(np.uint8), factor)
    (circle,) = red_cell_circles(fields, near_nuclei=True, radius=40)
    assert circle[:2] == pytest.approx([100, 90], abs=1.5)
    assert circle[2] == pytest.approx(40, rel=0.06)


def test_a_large_image_is_seen_through_a_few_windows() -> None:
    """As many px as a small image, whatever its size; circles come back where they are."""
    image = np.full((2000, 3000, 3), GLASS_COLOR, np.uint8)
    image[1200:1600, 2200:2700] = drawn_smear((400, 500), 30, cells=60)
    fields = edge_windows(image, 0.8)
    assert sum(field.edges.nucleus.size for field in fields) < 4.2 * 192**2
    circles = red_cell_circles(fields, radius=15)
    assert len(circles) > 5
    assert ((circles[:, 0] > 1190) & (circles[:, 0] < 1610)).all()
    assert ((circles[:, 1] > 2190) & (circles[:, 1] < 2710)).all()
    assert np.allclose(circles[:, 2], 15 / 1.1, rtol=0.15)


def test_white_cells_are_no_red_cells() -> None:
    """Neither by the guess of nuclei nor, where that is set aside, by their color."""
    fields = edge_windows(drawn_smear((192, 192), 30, cells=8, nuclei=3, seed=5), 1.0)
    for near_nuclei in (False, True):
        circles = red_cell_circles(fields, near_nuclei=near_nuclei)
        inside = circles[:, :2].astype(int)
        assert len(circles) >= 4
        assert not fields[0].edges.nucleus[inside[:, 0], inside[:, 1]].any()
