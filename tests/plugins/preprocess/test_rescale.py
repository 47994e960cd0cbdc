"""One scale for all images."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.api import UNKNOWN_SCALE, ImageNote, ImageRejected, Scale, ScaleSource
from leukokit.api.smear import estimate_scale
from leukokit.plugins.preprocess.rescale import Rescale
from leukokit.testing import Check, conformance
from tests.smear.drawn_smear import drawn_smear


def given(red_cell_px: float) -> Scale:
    return Scale(red_cell_px, 1.0, ScaleSource.GIVEN)


@pytest.mark.filterwarnings("ignore::leukokit.api.ImageNote")
@conformance(Rescale)
def test_contract(check: Check) -> None:
    """Every promise of a preprocessor."""
    check()


@pytest.mark.parametrize("red_cell_px", [12.0, 24.0, 31.0, 80.0])
def test_red_cells_measure_what_was_asked_for(red_cell_px: float) -> None:
    """Shrunk, kept or enlarged: width and height follow the scale."""
    image = drawn_smear((120, 200), red_cell_px)
    result = Rescale.create(red_cell_px=24).apply(image, scale=given(red_cell_px))
    assert result.dtype == np.uint8
    assert result.shape == (round(120 * 24 / red_cell_px), round(200 * 24 / red_cell_px), 3)


def test_a_pixel_size_is_another_word_for_it() -> None:
    """Pixels of 0.25 um make red cells of 30 px."""
    image = drawn_smear((100, 100), 20)
    result = Rescale.create(pixel_size_um=0.25).apply(image, scale=given(20.0))
    assert np.array_equal(result, Rescale.create(red_cell_px=30).apply(image, scale=given(20.0)))
    assert result.shape == (150, 150, 3)


@pytest.mark.parametrize("red_cell_px", [16.0, 38.0])
def test_without_a_scale_it_is_measured(red_cell_px: float) -> None:
    """Called from Python, the red cells of the image are the ruler; afterwards they are 24 px wide."""
    image = drawn_smear((300, 300), red_cell_px)
    assert estimate_scale(Rescale().apply(image)).red_cell_px == pytest.approx(24, rel=0.1)


@pytest.mark.parametrize("scale", [UNKNOWN_SCALE, Scale(30.0, 0.15, ScaleSource.NUCLEUS)])
def test_an_unknown_scale_passes_unchanged_and_says_so(scale: Scale) -> None:
    """Neither nothing nor a rough guess from nuclei is a scale."""
    image = drawn_smear((60, 60), 20)
    with pytest.warns(ImageNote, match="the scale of the image is not known: passed unchanged"):
        assert Rescale().apply(image, scale=scale) is image


def test_shrinking_averages() -> None:
    """Stripes of one px become gray, not moire."""
    stripes = np.zeros((120, 120, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.ptp(Rescale.create(red_cell_px=10).apply(stripes, scale=given(20.0))) == 0


def test_the_same_scene_of_two_cameras_becomes_the_same_picture() -> None:
    """A field enlarged twice comes back to the one it was enlarged from."""
    image = cv2.GaussianBlur(drawn_smear((160, 160), 24), (0, 0), 1.0)
    twice = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    back = Rescale().apply(twice, scale=given(48.0))
    assert back.shape == image.shape
    assert np.abs(back.astype(int) - image).mean() < 1


@pytest.mark.parametrize(
    ("shape", "red_cell_px", "message"),
    [
        (
            (40, 40),
            2.0,
            r"too_large: red cells measure 2 px; for 24 px the image would be enlarged 12\.0 times",
        ),
        ((1000, 1100), 3.0, r"too_large: 8800 x 8000 px where red cells measure 24 px.*cut it into fields"),
    ],
)
def test_an_image_that_would_grow_too_large_is_rejected(
    shape: tuple[int, int], red_cell_px: float, message: str
) -> None:
    """The message has both scales, or the size, and what to do."""
    with pytest.raises(ImageRejected, match=message) as caught:
        Rescale().apply(np.zeros((*shape, 3), np.uint8), scale=given(red_cell_px))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"red_cell_px": 24, "pixel_size_um": 0.3}, r"red_cell_px \(24\) and pixel_size_um \(0.3\) both say"),
        ({"red_cell_px": 1}, "greater than or equal to 4"),
        ({"pixel_size_um": 0}, "greater than 0"),
    ],
)
def test_bad_parameters_are_refused(params: dict[str, float], message: str) -> None:
    """Each mistake says what was expected."""
    with pytest.raises(ValidationError, match=message):
        Rescale.create(**params)


def test_an_image_that_would_shrink_to_nothing_is_rejected() -> None:
    """With the scale as the reason, not the segmenter that comes next."""
    image = np.full((224, 224, 3), 235, np.uint8)
    with pytest.raises(ImageRejected, match=r"too_small: .* 2000 px; .* shrunk to 3 x 3 px.*check the scale"):
        Rescale().apply(image, scale=Scale(2000.0, 1.0, ScaleSource.GIVEN))
