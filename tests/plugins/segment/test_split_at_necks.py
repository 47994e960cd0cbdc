"""Splitting at necks: known scenes, and properties of any mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import Mask
from leukokit.plugins.segment._basins import histograms, measure, split_at_necks

masks = arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def disks(*centers: tuple[int, int], radius: int = 20, shape: tuple[int, int] = (100, 160)) -> Mask:
    """Draw disks at (row, column)."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    drawn = np.zeros(shape, np.bool_)
    for row, column in centers:
        drawn |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return drawn


def test_two_touching_disks_become_two_halves() -> None:
    """Disks that overlap a little are split in the middle."""
    labels = split_at_necks(disks((50, 50), (50, 85)), 0.8)
    assert labels.max() == 2
    first, second = np.bincount(labels.ravel())[1:]
    assert abs(first - second) <= 0.04 * first
    assert (labels[:, :66] != labels[50, 50]).sum() == (~disks((50, 50), (50, 85)))[:, :66].sum()


@pytest.mark.parametrize("neck", [0.5, 0.8, 0.9])
def test_the_chord_decides(neck: float) -> None:
    """Equal disks are split where their common chord is shorter than the neck, and only there."""
    radius = 40
    half_distance = radius * np.sqrt(1 - neck**2)  # at this distance the chord is the neck exactly
    for offset, expected in ((3.0, 2), (-3.0, 1)):
        apart = round(2 * (half_distance + offset))
        labels = split_at_necks(disks((50, 50), (50, 50 + apart), radius=radius, shape=(100, 200)), neck)
        assert labels.max() == expected


def test_the_split_does_not_depend_on_scale() -> None:
    """The same shape at 3 times the size is split the same way."""
    for apart in (20, 34):
        small = disks((50, 50), (50, 50 + apart)).astype(np.uint8)
        large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST) > 0
        assert split_at_necks(small > 0, 0.8).max() == split_at_necks(large, 0.8).max()


def test_ids_follow_the_first_pixel() -> None:
    """Objects are numbered row by row."""
    labels = split_at_necks(disks((70, 30), (30, 120), (75, 120)), 0.8)
    assert [labels[30, 120], labels[70, 30], labels[75, 120]] == [1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(masks)
def test_without_necks_objects_are_the_connected_ones(mask: Mask) -> None:
    """A neck of 0 gives the components of 8 neighbors."""
    labels = split_at_necks(mask, 0.0)
    count, expected = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    assert labels.max() == count - 1
    pairs = set(zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


@settings(max_examples=60, deadline=None)
@given(masks, st.floats(0.0, 1.0))
def test_every_pixel_of_the_mask_belongs_to_one_connected_part(mask: Mask, neck: float) -> None:
    """Parts cover the mask and nothing else, and each hangs together."""
    labels = split_at_necks(mask, neck)
    assert labels.dtype == np.int32
    assert np.array_equal(labels > 0, mask)
    for part in range(1, int(labels.max()) + 1):
        assert cv2.connectedComponents((labels == part).astype(np.uint8), connectivity=8)[0] == 2


@settings(max_examples=30, deadline=None)
@given(masks, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_wider_neck_never_splits_less(mask: Mask, one: float, other: float) -> None:
    """The number of parts grows with the neck."""
    low, high = sorted((one, other))
    assert split_at_necks(mask, low).max() <= split_at_necks(mask, high).max()


@settings(max_examples=30, deadline=None)
@given(masks)
def test_measures_are_those_of_numpy(mask: Mask) -> None:
    """Areas, masked areas, border contact and histograms agree with counting by hand."""
    labels = split_at_necks(mask, 0.8)
    half = np.zeros_like(mask)
    half[: mask.shape[0] // 2] = True
    plane = np.arange(mask.size, dtype=np.uint8).reshape(mask.shape)
    areas, masked, at_border = measure(labels, half)
    counts = histograms(labels, plane)
    assert areas[0] == masked[0] == counts[0].sum() == 0
    edge = np.ones_like(mask)
    edge[1:-1, 1:-1] = False
    for part in range(1, len(areas)):
        inside = labels == part
        assert areas[part] == inside.sum()
        assert masked[part] == (inside & half).sum()
        assert at_border[part] == (inside & edge).any()
        assert np.array_equal(counts[part], np.bincount(plane[inside], minlength=256))
