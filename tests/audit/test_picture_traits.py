"""Blur is measured in px whatever the contrast and size; light and layers are those of the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import leukokit
from leukokit.audit.picture_traits import EXPOSURE_NAMES, LAYER_NAMES, blur_width, exposure, layer_colors


@pytest.fixture(scope="module")
def smear():
    """Render a smear of 320 px."""
    smears = leukokit.component("dataset", "smears", per_class=3, seed=4, size=320)
    return smears.render(smears.samples()[0])


@pytest.fixture(scope="module")
def gray(smear):
    """Give its gray plane."""
    return cv2.cvtColor(smear, cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize("width", [1.5, 2.0, 3.0])
def test_a_known_blur_is_measured(gray, width):
    """Variances add: what the picture had and what was added."""
    before = blur_width(gray)
    blurred = cv2.GaussianBlur(gray, (0, 0), width)

    assert blur_width(blurred) == pytest.approx(np.hypot(before, width), rel=0.1)
    assert blur_width((blurred * 0.5 + 60).astype(np.uint8)) == pytest.approx(blur_width(blurred), rel=0.1)


def test_blur_grows_with_the_picture(gray):
    """Enlarged four times, edges are four times as wide, also beyond the working size."""
    blurred = cv2.GaussianBlur(gray, (0, 0), 2)
    large = cv2.resize(blurred, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)

    assert blur_width(large) == pytest.approx(4 * blur_width(blurred), rel=0.1)


def test_a_picture_of_one_color_has_no_blur():
    """It has no edge."""
    assert np.isnan(blur_width(np.full((64, 64), 200, np.uint8)))


def test_exposure_counts_levels_and_white():
    """A tenth white, a tenth black, the rest gray."""
    image = np.full((100, 100, 3), 120, np.uint8)
    image[:10], image[-10:] = 255, 0

    assert dict(
        zip(EXPOSURE_NAMES, exposure(image, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)), strict=True)
    ) == {
        "level_005": 0,
        "level_05": 0,
        "level_99": 255,
        "level_995": 255,
        "clipped": pytest.approx(0.1),
    }


def test_glass_and_red_cells_have_their_own_color():
    """Cytoplasm near a nucleus is none of both."""
    image = np.full((224, 224, 3), (240, 235, 240), np.uint8)
    for x in range(20, 224, 40):
        cv2.circle(image, (x, 40), 14, (225, 170, 170), -1)
    cv2.circle(image, (112, 150), 30, (170, 165, 225), -1)
    cv2.circle(image, (112, 150), 25, (90, 40, 130), -1)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    wanted = cv2.cvtColor(np.uint8([[[240, 235, 240], [225, 170, 170]]]), cv2.COLOR_RGB2LAB)[0]

    values = dict(zip(LAYER_NAMES, layer_colors(image, lab), strict=True))

    assert [values[f"glass_{name}"] for name in "lab"] == pytest.approx(wanted[0], abs=1)
    assert [values[f"red_cells_{name}"] for name in "lab"] == pytest.approx(wanted[1], abs=1)
    assert values["red_cells_share"] == pytest.approx(6 * np.pi * 14**2 / 224**2, rel=0.2)


def test_an_empty_picture_has_no_layers():
    """One gray level cannot be parted."""
    assert not layer_colors(*[np.full((64, 64, 3), 200, np.uint8)] * 2).any()
