"""Votes for circles, beside the plain NumPy way."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from leukokit.smear.circles import RADII
from leukokit.smear.votes import local_maxima, vote

Points = NDArray[np.float32]


def random_points(seed: int, count: int, shape: tuple[int, int]) -> Points:
    """Edge pixels anywhere, with any direction."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, count)
    places = [np.sort(rng.integers(0, shape[0], count)), rng.integers(0, shape[1], count)]
    return np.stack([*places, np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def plain_vote(
    points: Points, height: int, width: int, radii: NDArray[np.float64], cell: int
) -> tuple[Points, Points]:
    """Count votes in windows, one radius after the other."""
    rows, columns = -(-height // cell), -(-width // cell)
    share = np.zeros((rows, columns), np.float32)
    radius = np.zeros((rows, columns), np.float32)
    for exact in radii:
        r = np.float32(exact)
        reach = max(2, int(0.18 * exact / cell + 0.5))
        y = np.floor(points[:, 0] + points[:, 2] * r + np.float32(0.5)).astype(int)
        x = np.floor(points[:, 1] + points[:, 3] * r + np.float32(0.5)).astype(int)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        votes = np.zeros((rows + 2 * reach, columns + 2 * reach), np.int64)
        np.add.at(votes, (y[inside] // cell + reach, x[inside] // cell + reach), 1)
        side = 2 * reach + 1
        sums = np.lib.stride_tricks.sliding_window_view(votes, (side, side)).sum(axis=(2, 3))
        by_chance = np.float32(len(points) / (height * width) * (cell * side) ** 2 / (2.0 * np.pi * exact))
        value = sums.astype(np.float32) * np.float32(1.0 / (2.0 * np.pi * float(r))) - by_chance
        better = value > share
        share[better], radius[better] = value[better], r
    return share, radius


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(0, 400),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.sampled_from([1, 2, 4]),
)
def test_votes_are_those_of_plain_numpy(seed: int, count: int, shape: tuple[int, int], cell: int) -> None:
    """Wherever edges lie and point to, in cells of any size: to the last bit."""
    points = random_points(seed, count, shape)
    votes = vote(points, *shape, RADII[::4], cell)
    for ours, plain in zip(votes, plain_vote(points, *shape, RADII[::4], cell), strict=True):
        assert np.array_equal(ours, plain)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_maxima_are_those_of_a_maximum_filter(seed: int, shape: tuple[int, int]) -> None:
    """Of few levels, so that there are ties: a cell that ties is a maximum."""
    rng = np.random.default_rng(seed)
    share = rng.integers(0, 40, shape).astype(np.float32) / 40
    radius = rng.choice([0.0, 5.0, 9.0], shape).astype(np.float32)
    high = share > 0.2 + 1.2 / np.maximum(radius, 1)
    rows, columns = np.nonzero((share == maximum_filter(share, 7, mode="nearest")) & high)
    maxima = local_maxima(share, radius, 0.2, 1.2)
    assert np.array_equal(maxima[0], rows)
    assert np.array_equal(maxima[1], columns)
