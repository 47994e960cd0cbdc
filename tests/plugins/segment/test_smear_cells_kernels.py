"""The compiled loops of ``smear_cells`` give what NumPy gives in plain words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from leukokit.api import Mask
from leukokit.plugins.segment.smear import cells, nucleus_checks, red_color, stains

Planes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(params=[0, 1, 2])
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Three seeds."""
    return np.random.default_rng(request.param)


@pytest.fixture
def colors(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Red, green and blue of an image of noise, uint8 40 x 50, black and white in it."""
    planes = rng.integers(0, 256, (3, 40, 50)).astype(np.uint8)
    planes[:, :2] = 0
    planes[:, 2:4] = 255
    return planes[0], planes[1], planes[2]


@pytest.fixture
def pixels(rng: np.random.Generator) -> Mask:
    """Select every other pixel."""
    return rng.random((40, 50)) < 0.5


def axes(colors: tuple[Any, Any, Any]) -> Planes:
    """B - R, (R + B) / 2 - G, 255 - G."""
    red, green, blue = (plane.astype(np.float64) for plane in colors)
    return blue - red, 0.5 * (red + blue) - green, 255 - green


def lower_median(values: NDArray[np.float64]) -> float:
    return float(np.sort(values)[(len(values) - 1) // 2])


def test_stain_is_saturation_and_darkness(colors: tuple[Any, Any, Any]) -> None:
    """The stain plane is .425 S + .425 (255 - G) + .15 (255 - R), rounded."""
    red, green, blue = (plane.astype(np.float64) for plane in colors)
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    saturation = np.where(most > 0, 255.0 * (most - least) / np.maximum(most, 1), 0.0)
    expected = (0.425 * (saturation + (255 - green)) + 0.15 * (255 - red) + 0.5).astype(np.uint8)
    assert np.array_equal(stains._stain(*colors), expected)


@pytest.mark.parametrize("limited", [False, True])
def test_color_is_median_and_covariance(colors: tuple[Any, Any, Any], pixels: Mask, limited: bool) -> None:
    """Medians, deviations and covariance of selected pixels, with and without limits."""
    limits = np.array([[5.0, -3.5, 120.0], [90.0, 60.0, 70.0]]) if limited else red_color._NO_LIMITS
    values = np.stack([axis[pixels] for axis in axes(colors)])
    values = values[:, (np.abs(values - limits[0][:, None]) < limits[1][:, None]).all(axis=0)]
    middle, spread, covariance, count = red_color._color(*colors, pixels, limits)
    assert count == values.shape[1]
    assert np.array_equal(middle, [lower_median(axis_values) for axis_values in values])
    off = np.abs(values - middle[:, None])
    assert np.array_equal(spread, [lower_median(axis_values) for axis_values in off])
    np.testing.assert_allclose(covariance, np.cov(values), rtol=1e-9)


def test_color_of_nothing_is_none(colors: tuple[Any, Any, Any]) -> None:
    """Of no pixels there is no color, and no count."""
    nothing = np.zeros((40, 50), np.bool_)
    middle, _, covariance, count = red_color._color(*colors, nothing, red_color._NO_LIMITS)
    assert count == 0
    assert not middle.any()
    assert not covariance.any()


def test_circles_have_medians_of_their_foreground(colors: tuple[Any, Any, Any], pixels: Mask) -> None:
    """A circle's color is that of the foreground within .85 of its radius; NaN where there is hardly any."""
    circles = np.array([[20.0, 25.0, 9.0], [2.5, 48.0, 12.0], [20.0, 20.0, 1.0]])
    stain = stains._stain(*colors)
    medians = red_color._circle_medians(*colors, stain, pixels, circles)
    rows, columns = np.ogrid[:40, :50]
    planes = (*axes(colors), stain.astype(np.float64))
    for color, (row, column, radius) in zip(medians, circles, strict=True):
        inside = ((rows - row) ** 2 + (columns - column) ** 2 <= (0.85 * radius) ** 2) & pixels
        if np.count_nonzero(inside) <= 8:
            assert np.isnan(color).all()
        else:
            assert np.array_equal(color, [lower_median(plane[inside]) for plane in planes])


def test_distance_and_score_are_mahalanobis_and_fisher(colors: tuple[Any, Any, Any], pixels: Mask) -> None:
    """Levels of distance and score, and the median hue of what is dark and of another color."""
    middle = np.array([-10.0, 4.5, 90.0])
    covariance = np.array([[150.0, 40.0, 20.0], [40.0, 120.0, -30.0], [20.0, -30.0, 400.0]])
    inverse = np.linalg.inv(covariance)
    deviations = np.sqrt(np.diag(covariance)[:2])
    stain = stains._stain(*colors)
    offsets = np.stack(axes(colors)) - middle[:, None, None]
    square = np.einsum("iab,ij,jab->ab", offsets, inverse, offsets)
    distance = np.sqrt(np.maximum(square, 0.0))
    seen = pixels.copy()
    seen[:, :9] = True
    levels, away, count = red_color._distances(
        *colors, stain, pixels, seen, middle, inverse, deviations, 120, 3.0
    )
    expected = np.where(seen, np.minimum(16 * distance, 255), 0)
    assert np.abs(levels - expected).max() <= 1.0
    assert np.mean(levels == expected.astype(np.uint8)) > 0.999  # sums in another order may cross a level
    other = pixels & (distance > 3.0) & (stain > 120)
    other &= offsets[0] / deviations[0] + offsets[1] / deviations[1] > 0
    assert count == np.count_nonzero(other)
    assert np.allclose(away, [lower_median(offset[other]) for offset in offsets[:2]])

    weights = np.array([0.06, 0.05])
    score = np.clip(8 * (weights[0] * offsets[0] + weights[1] * offsets[1]) + 64, 0, 255)
    expected = np.where(seen, score, 0).astype(np.uint8)
    assert np.array_equal(red_color._scores(*colors, seen, middle, weights), expected)


def test_cytoplasm_is_off_the_red_cells_color(colors: tuple[Any, Any, Any], pixels: Mask) -> None:
    """Pale foreground, far off in color, and toward the nuclei, bluer, or redder and dark."""
    distance, score = colors[1], colors[2]
    limits = (29.0, 70.0, 12.0, -60.0, 100.0)
    cytoplasm = cells._cytoplasm(*colors, pixels, distance, score, *limits)
    blueness, _, darkness = axes(colors)
    kind = (score > limits[1]) | (blueness > limits[2])
    kind |= (blueness < limits[3]) & (darkness > limits[4])
    assert np.array_equal(cytoplasm, pixels & (distance > limits[0]) & kind)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_sobel(rng: np.random.Generator, colors: tuple[Any, Any, Any], masked: bool) -> None:
    """Histogram of gradients, their sums on nuclei's rims and green's over nuclei, by cell."""
    green = colors[1]
    labels = np.repeat(np.repeat(rng.integers(0, 4, (8, 10)), 5, axis=0), 5, axis=1).astype(np.int32)
    nucleus = (rng.random((40, 50)) < 0.7) & (labels > 0)
    void = np.zeros((40, 50), np.bool_)
    void[:, :9] = masked
    counts, total, number, level, area = nucleus_checks._gradients(green, nucleus, labels, void, masked)

    x = green.astype(np.float64)
    smooth_rows = x[:-2] + 2 * x[1:-1] + x[2:]
    smooth_columns = x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]
    across = smooth_rows[:, 2:] - smooth_rows[:, :-2]
    down = smooth_columns[2:] - smooth_columns[:-2]
    gradient = np.hypot(across, down)
    seen = ~void[1:-1, 1:-1]
    inner, here = nucleus[1:-1, 1:-1], labels[1:-1, 1:-1]
    rim = (nucleus[:-2, 1:-1] != inner) | (nucleus[2:, 1:-1] != inner)
    rim |= (nucleus[1:-1, :-2] != inner) | (nucleus[1:-1, 2:] != inner)
    rim &= (here > 0) & seen
    sampled = np.zeros_like(seen)
    sampled[:: nucleus_checks._STRIDE, :: nucleus_checks._STRIDE] = True
    bins = (gradient[seen & sampled] * nucleus_checks._BINS).astype(np.int64)
    assert np.array_equal(counts, np.bincount(bins, minlength=len(counts)))
    assert np.array_equal(number, np.bincount(here[rim], minlength=4))
    assert np.allclose(total, np.bincount(here[rim], gradient[rim], minlength=4))
    inner = inner & seen
    assert np.array_equal(level, np.bincount(here[inner], x[1:-1, 1:-1][inner], minlength=4))
    assert np.array_equal(area, np.bincount(here[inner], minlength=4))
