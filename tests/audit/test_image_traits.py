"""Traits are of the picture's making, not of its cells."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leukokit.audit.image_traits import (
    CORNERS,
    at_working_size,
    corner_strokes,
    foreground_share,
    frame_traits,
)
from leukokit.smear.color import background_color, color_traits

images = hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)))


def lab(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)


@given(images)
def test_every_image_has_finite_traits(rgb):
    """Down to one pixel."""
    values = np.concatenate(
        [
            color_traits(lab(rgb)),
            frame_traits(lab(rgb)),
            background_color(lab(rgb)),
            [foreground_share(rgb)],
            corner_strokes(rgb).ravel(),
        ]
    )
    assert np.isfinite(values).all()


@given(images)
def test_color_is_mean_and_spread_of_the_planes(rgb):
    """As numpy computes them."""
    pixels = lab(rgb).reshape(-1, 3).astype(float)
    assert color_traits(lab(rgb)) == pytest.approx(np.concatenate([pixels.mean(0), pixels.std(0)]), abs=1e-4)


def test_the_frame_does_not_see_the_middle():
    """Whatever lies there."""
    image = np.full((64, 64, 3), 200, np.uint8)
    before = frame_traits(lab(image))
    image[8:-8, 8:-8] = (90, 20, 160)
    assert np.array_equal(frame_traits(lab(image)), before)
    image[0, 0] = 0
    assert not np.array_equal(frame_traits(lab(image)), before)


def test_the_background_is_the_bright_part():
    """A nucleus of half the picture does not count."""
    image = np.full((40, 40, 3), (240, 235, 240), np.uint8)
    plain = background_color(lab(image))
    image[:20] = (90, 20, 160)
    assert np.array_equal(background_color(lab(image)), plain)


def test_foreground_is_what_is_not_black():
    """JPEG noise in black counts as black."""
    image = np.full((10, 10, 3), 20, np.uint8)
    assert foreground_share(image) == 0
    image[:5] = 200
    assert foreground_share(image) == 0.5


def test_strokes_show_in_their_corner_and_not_the_stain():
    """A black bar bottom right; a change of color alone leaves nothing."""
    image = np.full((224, 224, 3), (230, 220, 235), np.uint8)
    assert not corner_strokes(image).any()
    image[210:212, 190:215] = 0
    strokes = corner_strokes(image)
    assert [bool(corner.any()) for corner in strokes] == [name == "bottom right" for name in CORNERS]


def test_large_images_are_shrunk_and_small_ones_kept():
    """The same object where nothing is to be done."""
    small = np.zeros((100, 448, 3), np.uint8)
    assert at_working_size(small) is small
    assert at_working_size(np.zeros((900, 300, 3), np.uint8)).shape == (448, 149, 3)
