"""Dark disks found by their edges."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.smear.circles import find_circles, without_overlaps
from tests.smear.test_votes import Points, random_points


def rim_points(y: float, x: float, radius: float, count: int = 60, outward: bool = False) -> Points:
    """Edge pixels of a dark disk, or of a pale one, in the order of their rows."""
    angle = np.arange(count) * (2 * np.pi / count)
    toward = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    places = np.rint(np.array([y, x]) + radius * toward)
    points = np.concatenate([places, toward if outward else -toward], axis=1)
    return points[np.lexsort((points[:, 1], points[:, 0]))].astype(np.float32)


@pytest.mark.parametrize("radius", [6.0, 11.0, 19.5, 21.0, 40.0, 50.0])
def test_a_dark_disk_is_one_circle(radius: float) -> None:
    """Its center to a px, its radius to a twentieth."""
    points = rim_points(60, 70, radius, int(6 * radius))
    (circle,) = find_circles(points, (130, 140))
    assert np.hypot(circle[0] - 60, circle[1] - 70) < 1
    assert circle[2] == pytest.approx(radius, rel=0.05)
    assert circle[3] > 0.9


def test_a_pale_disk_is_none() -> None:
    """The rim of a pale center votes away from it."""
    assert len(find_circles(rim_points(60, 70, 12, outward=True), (130, 140))) == 0


def test_a_disk_cut_by_the_frame_is_found() -> None:
    """Half of the rim is half of the votes: what is not visible is not asked for."""
    points = rim_points(60, 0, 15, 100)
    points = points[points[:, 1] >= 0]
    (circle,) = find_circles(points, (130, 140))
    assert circle[2] == pytest.approx(15, rel=0.08)
    assert circle[3] == pytest.approx(0.5, abs=0.1)


def test_scattered_edges_are_no_circle() -> None:
    """Texture points anywhere."""
    assert len(find_circles(random_points(1, 500, (130, 140)), (130, 140))) == 0


def test_the_better_of_two_circles_in_one_place_stays() -> None:
    """Best first; one whose center lies well outside stays too."""
    circles = np.array([[50.0, 50, 10, 0.9], [52, 50, 9, 0.8], [50, 65, 10, 0.7]])
    assert np.array_equal(without_overlaps(circles, 0.8), circles[[0, 2]])
    assert np.array_equal(without_overlaps(circles, 0.1), circles)
