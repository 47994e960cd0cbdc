"""The scale that an image's own red cells tell."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leukokit.api import Scale, ScaleSource
from leukokit.api.smear import estimate_scale, measure_scale
from leukokit.smear.estimate import _diameter_from_nuclei
from leukokit.smear.sizes import NucleusSizes, SizeMode
from tests.smear.drawn_smear import GLASS_COLOR, NUCLEUS_COLOR, drawn_smear

Image = NDArray[np.uint8]


@pytest.mark.parametrize(
    ("shape", "red_cell_px"),
    [((224, 224), 20), ((224, 224), 44), ((112, 112), 10), ((100, 120), 24), ((480, 640), 90)],
)
def test_drawn_red_cells_are_measured(shape: tuple[int, int], red_cell_px: float) -> None:
    """To 8 %, whatever the size of the image, and surely."""
    estimate = measure_scale(drawn_smear(shape, red_cell_px))
    assert estimate.scale.red_cell_px == pytest.approx(red_cell_px, rel=0.08)
    assert estimate.scale.source is ScaleSource.RED_CELLS
    assert estimate.scale.confidence > 0.4
    assert len(estimate.circles) >= 3
    assert np.allclose(estimate.circles[:, 2], red_cell_px / 2, rtol=0.25)


@pytest.mark.parametrize("red_cell_px", [14, 40, 110])
def test_small_red_cells_of_a_large_image_are_seen_from_nearer(red_cell_px: float) -> None:
    """At the size at which small images are looked at they measure 2 to 14 px."""
    image = drawn_smear((1100, 1500), red_cell_px, cells=min(1500, round(6e5 / red_cell_px**2)))
    estimate = measure_scale(image)
    assert estimate.scale.red_cell_px == pytest.approx(red_cell_px, rel=0.1)
    assert estimate.scale.confidence >= 0.2
    assert (estimate.circles[:, :2] < image.shape[:2]).all()


@pytest.mark.parametrize(
    "color",
    [(235, 190, 215), (170, 175, 205), (205, 205, 195), (150, 95, 110)],
    ids=["pink", "blue", "pale", "dark"],
)
def test_the_color_of_red_cells_does_not_matter(color: tuple[int, int, int]) -> None:
    """Stains of other labs."""
    scale = estimate_scale(drawn_smear((224, 224), 24, color=color))
    assert scale.red_cell_px == pytest.approx(24, rel=0.08)
    assert scale.confidence >= 0.2


@pytest.mark.parametrize(
    "turn",
    [
        lambda i: i[::-1],
        lambda i: i[:, ::-1],
        np.rot90,
        lambda i: np.rot90(i, 2),
        lambda i: i.transpose(1, 0, 2),
    ],
)
def test_turned_images_have_the_same_scale(turn: Callable[[Image], Image]) -> None:
    """To 2 %: rounding is not symmetrical."""
    image = drawn_smear((200, 224), 22, seed=3)
    turned = estimate_scale(np.ascontiguousarray(turn(image)))
    assert turned.red_cell_px == pytest.approx(estimate_scale(image).red_cell_px, rel=0.02)


def test_threads_measure_the_same() -> None:
    """The kernels release the interpreter lock and share nothing."""
    images = [drawn_smear((160, 160), 20, seed=seed) for seed in range(4)] * 3
    alone = [measure_scale(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(measure_scale, images))
    for one, other in zip(alone, together, strict=True):
        assert one.scale == other.scale
        assert np.array_equal(one.circles, other.circles)


@pytest.mark.parametrize("gray", [0, 128, 255])
def test_a_flat_image_has_no_scale(gray: int) -> None:
    """Black, gray and white."""
    estimate = measure_scale(np.full((224, 224, 3), gray, np.uint8))
    assert estimate.scale.source is ScaleSource.UNKNOWN
    assert math.isnan(estimate.scale.red_cell_px)
    assert estimate.scale.confidence == 0
    assert estimate.circles.shape == (0, 3)


@pytest.mark.parametrize("grain", [0.0, 1.0, 3.0, 8.0])
def test_noise_is_no_red_cell(grain: float) -> None:
    """Blank glass with noise of any grain: never sure of a size."""
    rng = np.random.default_rng(7)
    for _ in range(4):
        noise = rng.normal(0, 1, (224, 224, 3))
        if grain:
            noise = cv2.GaussianBlur(noise, (0, 0), grain)
        image = np.array(GLASS_COLOR) + 6 * noise / noise.std()
        scale = estimate_scale(np.clip(np.rint(image), 0, 255).astype(np.uint8))
        assert scale.confidence < 0.2


def test_one_white_cell_alone_is_a_rough_guess() -> None:
    """No ruler in the image: the nucleus stands in, at a confidence that says so."""
    image = np.full((120, 120, 3), GLASS_COLOR, np.uint8)
    cv2.circle(image, (60, 60), 25, NUCLEUS_COLOR, -1)
    estimate = measure_scale(cv2.GaussianBlur(image, (0, 0), 1).astype(np.uint8))
    assert estimate.scale.source is ScaleSource.NUCLEUS
    assert not estimate.scale.known
    assert 0 < estimate.scale.confidence < 0.2
    assert 25 < estimate.scale.red_cell_px < 75
    assert len(estimate.circles) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (3000, 2), (16, 16)])
def test_the_smallest_images_have_an_answer(shape: tuple[int, int]) -> None:
    """Nothing to see is unknown, not an error."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (*shape, 3), np.uint8)
    assert estimate_scale(image).confidence < 0.2


def test_black_around_the_field_changes_nothing() -> None:
    """An aperture is no circle of cells, and no glass."""
    image = drawn_smear((224, 300), 24, cells=40)
    expected = estimate_scale(image).red_cell_px
    y, x = np.ogrid[:224, :300]
    image[(y - 112) ** 2 + (x - 150) ** 2 > 125**2] = 0
    scale = estimate_scale(image)
    assert scale.red_cell_px == pytest.approx(expected, rel=0.08)
    assert scale.confidence >= 0.2


@pytest.mark.parametrize("shape", [(224, 224), (1100, 1500)])
def test_of_a_known_scale_come_the_red_cells(shape: tuple[int, int]) -> None:
    """The scale comes back as it was given, and with it the circles of about that size, others left out."""
    image = drawn_smear(shape, 24, cells=30 * math.prod(shape) // 50_000)
    given = Scale(24, 1.0, ScaleSource.GIVEN)
    estimate = measure_scale(image, given)
    assert estimate.scale == given
    assert len(estimate.circles) > 5
    assert np.allclose(estimate.circles[:, 2], 12, rtol=0.25)
    assert len(measure_scale(image, Scale(80, 1.0, ScaleSource.GIVEN)).circles) == 0


def test_a_guess_is_measured_again() -> None:
    """A scale that is not known is no scale to look with."""
    image = drawn_smear((224, 224), 24)
    guess = Scale(60, 0.15, ScaleSource.NUCLEUS)
    assert measure_scale(image, guess).scale == measure_scale(image).scale


@pytest.mark.parametrize(
    ("diameter", "circles", "confidence", "expected"),
    [
        (16.0, 2, 0.05, 16.0),
        (16.0, 1, 0.05, 33.2),
        (16.0, 2, 0.01, 33.2),
        (9.0, 4, 0.05, 33.2),
        (60.0, 4, 0.05, 33.2),
        (math.nan, 0, 0.0, 33.2),
    ],
)
def test_a_guess_from_clumps_yields_to_circles_that_agree(
    diameter: float, circles: int, confidence: float, expected: float
) -> None:
    """Two doubtful circles of a possible size are better than nuclei that may be many; platelets are not."""
    mode = SizeMode(diameter, confidence, np.zeros((circles, 3)))
    assert _diameter_from_nuclei(mode, NucleusSizes(40.0, 25.0)) == pytest.approx(expected)
