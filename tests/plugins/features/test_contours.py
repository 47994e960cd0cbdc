"""Contour areas on drawings with a known answer."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from leukokit.api import Labels, Planes, RGBImage
from leukokit.plugins.features.contours import Contours


def _with_squares(*sides: int) -> RGBImage:
    image = np.full((100, 300, 3), 255, dtype=np.uint8)
    for i, side in enumerate(sides):
        image[20 : 20 + side, 20 + 90 * i : 20 + 90 * i + side] = 0
    return image


def test_squares_are_counted_and_measured() -> None:
    """Canny marks the pixels on one side of a square's border: areas are the side's square within a pixel."""
    features = Contours.create(unit="px").extract(Planes(_with_squares(20, 40, 60)))
    assert features["contours_count"] == 3
    areas = np.array([20.0, 40.0, 60.0]) ** 2
    assert features["contours_area_sum"] == pytest.approx(areas.sum(), rel=0.06)
    assert features["contours_area_mean"] == pytest.approx(areas.mean(), rel=0.06)
    assert features["contours_area_std"] == pytest.approx(areas.std(), rel=0.06)


def test_no_contour_is_zero_count_zero_sum_and_nan() -> None:
    """An empty field has no mean area, and says so."""
    features = Contours.create(unit="px").extract(Planes(np.full((60, 60, 3), 200, dtype=np.uint8)))
    assert features["contours_count"] == features["contours_area_sum"] == 0
    assert math.isnan(features["contours_area_mean"])
    assert math.isnan(features["contours_area_std"])
    assert Contours.create(unit="px").nullable() == {"contours_area_mean", "contours_area_std"}


def test_external_leaves_nested_contours_out() -> None:
    """A square within a square is one outermost contour; the list holds both, each with its inner border."""
    image = _with_squares(60)
    image[40:60, 40:60] = 255
    assert Contours.create(unit="px").extract(Planes(image))["contours_count"] == 1
    assert Contours.create(unit="px", retrieval="list").extract(Planes(image))["contours_count"] == 4


def test_within_sees_the_region_alone_on_black(smear: RGBImage, cells: Labels) -> None:
    """Of the segmented image, each nucleus is one contour about as large as the nucleus."""
    features = Contours.create(unit="px", within="nucleus").extract(Planes(smear), cells)
    areas = np.bincount(cells.nucleus.ravel())[1:]
    assert features["contours_count"] == 2
    assert features["contours_area_sum"] == pytest.approx(areas.sum(), rel=0.15)


@pytest.mark.real_data
@pytest.mark.parametrize(("low", "high"), [(100.0, 200.0), (30.0, 90.0)])
def test_equals_the_obvious_calls(real_images: list[RGBImage], low: float, high: float) -> None:
    """On real smears, the numbers are those of Canny, findContours and contourArea, one after the other."""
    for image in real_images:
        edges = cv2.Canny(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), low, high)
        contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        areas = [cv2.contourArea(contour) for contour in contours]
        features = Contours.create(unit="px", low_threshold=low, high_threshold=high).extract(Planes(image))
        expected = [len(areas), np.sum(areas), np.mean(areas), np.std(areas)]
        np.testing.assert_allclose(list(features.values()), expected, rtol=1e-12)


def test_a_quarter_turn_changes_nothing(smear: RGBImage) -> None:
    """Counts and areas do not depend on how the slide lies."""
    expected = list(Contours.create(unit="px", low_threshold=60).extract(Planes(smear)).values())
    turned = np.ascontiguousarray(np.rot90(smear, 2))
    np.testing.assert_allclose(
        list(Contours.create(unit="px", low_threshold=60).extract(Planes(turned)).values()),
        expected,
        rtol=0.02,
    )
