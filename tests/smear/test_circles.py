"""Votes for circles, beside the plain NumPy way, and what comes of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from leukokit.smear.circles import RADII, apart, find_circles, vote

Points = NDArray[np.float32]


def rim_points(y: float, x: float, radius: float, count: int = 60, outward: bool = False) -> Points:
    """Edge pixels of a dark disk, or of a pale one, in the order of their rows."""
    angle = np.arange(count) * (2 * np.pi / count)
    toward = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    places = np.rint(np.array([y, x]) + radius * toward)
    points = np.concatenate([places, toward if outward else -toward], axis=1)
    return points[np.lexsort((points[:, 1], points[:, 0]))].astype(np.float32)


def random_points(seed: int, count: int, shape: tuple[int, int]) -> Points:
    """Edge pixels anywhere, with any direction."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, count)
    places = [np.sort(rng.integers(0, shape[0], count)), rng.integers(0, shape[1], count)]
    return np.stack([*places, np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def plain_vote(points: Points, height: int, width: int, radii: NDArray[np.float64]) -> tuple[Points, Points]:
    """Count votes in windows, one radius after the other."""
    share = np.zeros((height, width), np.float32)
    radius = np.zeros((height, width), np.float32)
    for exact in radii:
        r = np.float32(exact)
        reach = max(1, int(0.16 * exact + 0.5))
        y = np.floor(points[:, 0] + points[:, 2] * r + np.float32(0.5)).astype(int)
        x = np.floor(points[:, 1] + points[:, 3] * r + np.float32(0.5)).astype(int)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        votes = np.zeros((height + 2 * reach, width + 2 * reach), np.int64)
        np.add.at(votes, (y[inside] + reach, x[inside] + reach), 1)
        side = 2 * reach + 1
        sums = np.lib.stride_tricks.sliding_window_view(votes, (side, side)).sum(axis=(2, 3))
        by_chance = np.float32(len(points) / (height * width) * side**2 / (2.0 * np.pi * exact))
        value = sums.astype(np.float32) * np.float32(1.0 / (2.0 * np.pi * float(r))) - by_chance
        better = value > share
        share[better], radius[better] = value[better], r
    return share, radius


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400), st.tuples(st.integers(1, 70), st.integers(1, 70)))
def test_votes_are_those_of_plain_numpy(seed: int, count: int, shape: tuple[int, int]) -> None:
    """Wherever edges lie and point to: to the last bit."""
    points = random_points(seed, count, shape)
    radii = RADII[::4]
    for found, expected in zip(vote(points, *shape, radii), plain_vote(points, *shape, radii), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("radius", [6.0, 11.0, 20.0, 40.0])
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
    assert np.array_equal(apart(circles), circles[[0, 2]])
