"""Gradients within contours and the global descriptor."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.feature import hog

from leukokit.api import ImageRejected, Planes, RGBImage
from leukokit.plugins.features._hog_descriptor import gradients
from leukokit.plugins.features.hog import GradientMeasure, Hog, per_contour


def test_a_ramp_has_the_gradient_of_its_slope() -> None:
    """On a ramp of 3 levels a px, central differences are 6 everywhere but on the border."""
    ramp = np.tile(np.arange(0, 120, 3, dtype=np.uint8), (40, 1))
    down, right = gradients(ramp)
    assert not down.any()
    assert (right[:, 1:-1] == 6).all()
    assert not right[:, [0, -1]].any()


@pytest.mark.real_data
@pytest.mark.parametrize("active_above", [0.0, 40.0])
def test_contours_are_measured_as_one_by_one(real_images: list[RGBImage], active_above: float) -> None:
    """Measuring all contours at once gives what filling them one by one gives, on real smears."""
    for image in real_images[::2]:
        planes = Planes(image)
        down, right = gradients(planes.gray)
        magnitude = np.hypot(down, right)
        edges = planes.edges(100, 200)
        contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        rows = []
        for contour in contours:
            mask = cv2.drawContours(np.zeros(edges.shape, dtype=np.uint8), [contour], -1, 1, cv2.FILLED)
            values = magnitude[mask > 0]
            rows.append([values.max(), values.mean(), values.std(), (values > active_above).mean()])
        measured = per_contour(edges, magnitude, active_above)
        expected = np.array(rows)
        for i, measure in enumerate(GradientMeasure):
            np.testing.assert_allclose(
                np.sort(measured[measure]), np.sort(expected[:, i]), rtol=1e-9, atol=1e-6
            )
        features = Hog.create(active_above=active_above).extract(planes)
        assert features["hog_contour_active_mean"] == pytest.approx(expected[:, 3].mean())
        assert features["hog_contour_max_std"] == pytest.approx(expected[:, 0].std())


def test_no_contour_is_missing() -> None:
    """Without contours there is nothing to measure, and the features say so."""
    features = Hog().extract(Planes(np.full((40, 40, 3), 9, dtype=np.uint8)))
    assert all(math.isnan(value) for value in features.values())


@pytest.mark.real_data
@pytest.mark.parametrize(("grid", "block", "orientations"), [(3, 2, 9), (4, 1, 6), (8, 3, 9), (14, 2, 12)])
def test_the_descriptor_is_scikit_image_s(
    real_images: list[RGBImage], grid: int, block: int, orientations: int
) -> None:
    """With cells of even size, the descriptor is that of skimage.feature.hog."""
    extractor = Hog.create(global_descriptor=True, grid=grid, block=block, orientations=orientations)
    for image in real_images[::4]:
        side = image.shape[0] // grid
        expected = hog(
            Planes(image).gray,
            orientations=orientations,
            pixels_per_cell=(side, side),
            cells_per_block=(block, block),
        )
        features = extractor.extract(Planes(image))
        got = [value for name, value in features.items() if name.startswith("hog_block_")]
        np.testing.assert_allclose(got, expected, atol=2e-6)  # scikit-image sums in float32


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), height=st.integers(3, 6), width=st.integers(3, 6))
def test_the_descriptor_is_scikit_image_s_on_noise(seed: int, height: int, width: int) -> None:
    """Cells need not be square."""
    gray = np.random.default_rng(seed).integers(0, 256, (3 * 2 * height, 3 * 2 * width), dtype=np.uint8)
    expected = hog(gray, pixels_per_cell=(2 * height, 2 * width), cells_per_block=(2, 2))
    planes = Planes(np.repeat(gray[:, :, np.newaxis], 3, axis=2))
    got = list(Hog.create(global_descriptor=True).extract(planes).values())[12:]
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_vertical_stripes_fill_the_bin_of_horizontal_gradients() -> None:
    """All gradients at 0 degrees: bin 0 holds everything, clipped and normalized within each block."""
    image = np.zeros((60, 60, 3), dtype=np.uint8)
    image[:, (np.arange(60) // 5) % 2 == 1] = 200
    features = Hog.create(global_descriptor=True).extract(Planes(image))
    blocks = {name: value for name, value in features.items() if name.startswith("hog_block_")}
    assert len(blocks) == 2 * 2 * 2 * 2 * 9
    for name, value in blocks.items():
        assert value == pytest.approx(0.5 if name.endswith("_00") else 0.0, abs=1e-4)


def test_odd_cells_leave_no_pixel_out() -> None:
    """A gradient in the last row of a cell of odd size counts."""
    image = np.zeros((15, 15, 3), dtype=np.uint8)
    image[4, 4] = 255  # last row and column of the first cell, 5 x 5
    features = Hog.create(global_descriptor=True, block=1).extract(Planes(image))
    assert sum(value for name, value in features.items() if "block_0_0" in name) > 0


def test_the_number_of_columns_does_not_depend_on_the_image(smear: RGBImage) -> None:
    """Images of any size fill the same columns; those smaller than the grid are rejected."""
    extractor = Hog.create(global_descriptor=True, grid=5)
    assert tuple(extractor.extract(Planes(smear[:77, :53]))) == extractor.names()
    with pytest.raises(ImageRejected, match=r"too_small: hog with grid 5 needs 10 px a side, got \(9, 53\)"):
        extractor.extract(Planes(smear[:9, :53]))
