"""Hough circles on drawn disks."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from leukokit.api import Labels, Planes, RGBImage
from leukokit.plugins.features.circles import Circles


def _with_disks(*disks: tuple[int, int, int]) -> RGBImage:
    image = np.full((200, 200, 3), 240, dtype=np.uint8)
    for x, y, radius in disks:
        cv2.circle(image, (x, y), radius, (90, 60, 140), cv2.FILLED, cv2.LINE_AA)
    return image


def test_disks_are_counted_and_measured() -> None:
    """Three disks give their count, radii, areas and the spread of their centers."""
    disks = [(40, 40, 10), (150, 50, 15), (90, 140, 20)]
    features = Circles.create(unit="px").extract(Planes(_with_disks(*disks)))
    radii = np.array([10.0, 15.0, 20.0])
    assert features["circles_count"] == 3
    assert features["circles_radius_mean"] == pytest.approx(radii.mean(), abs=1)
    assert features["circles_radius_std"] == pytest.approx(radii.std(), abs=1)
    assert features["circles_area_mean"] == pytest.approx((math.pi * radii**2).mean(), rel=0.1)
    centers = np.array(disks)[:, :2]
    assert features["circles_center_std"] == pytest.approx(math.sqrt(centers.var(axis=0).mean()), abs=1)


def test_no_circle_is_zero_and_nan() -> None:
    """An empty field has no mean radius, and says so."""
    features = Circles.create(unit="px").extract(Planes(np.full((60, 60, 3), 200, dtype=np.uint8)))
    assert features["circles_count"] == 0
    assert all(math.isnan(features[name]) for name in Circles.create(unit="px").nullable())
    assert len(Circles.create(unit="px").nullable()) == 4


def test_radii_outside_the_bounds_are_not_found() -> None:
    """Bounds on the radius hold for what is returned."""
    image = _with_disks((50, 50, 10), (140, 140, 20))
    circles = Circles.create(unit="px", min_radius=15, max_radius=25).find(Planes(image))
    assert len(circles) == 1
    assert circles[0] == pytest.approx([140, 140, 20], abs=1.5)


def test_the_spread_of_centers_does_not_depend_on_the_slide_s_position() -> None:
    """Turning or mirroring the image leaves count and spread where they are."""
    image = _with_disks((40, 40, 10), (150, 50, 15), (90, 140, 20))
    expected = list(Circles.create(unit="px").extract(Planes(image)).values())
    for moved in (np.rot90(image), image[:, ::-1]):
        features = Circles.create(unit="px").extract(Planes(np.ascontiguousarray(moved)))
        np.testing.assert_allclose(list(features.values()), expected, rtol=0.05)


def test_within_sees_the_region_alone_on_black(smear: RGBImage, cells: Labels) -> None:
    """In the segmented image, the two nuclei are the circles."""
    circles = Circles.create(unit="px", within="nucleus", votes=12).find(
        Planes(smear * (cells.nucleus > 0)[:, :, np.newaxis])
    )
    features = Circles.create(unit="px", within="nucleus", votes=12).extract(Planes(smear), cells)
    assert features["circles_count"] == len(circles) == 2
    assert features["circles_radius_mean"] == pytest.approx(10, abs=1.5)


@pytest.mark.real_data
def test_the_paper_s_columns_come_from_the_circles_found(real_images: list[RGBImage]) -> None:
    """Count and mean area are those of the circles that OpenCV returns for the smoothed gray image."""
    for image in real_images:
        gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 1.5)
        circles = cv2.HoughCircles(
            gray, cv2.HOUGH_GRADIENT, 1, 15, param1=100, param2=20, minRadius=6, maxRadius=25
        )
        features = Circles.create(unit="px").extract(Planes(image))
        assert features["circles_count"] == (0 if circles is None else circles.shape[1])
        if circles is not None:
            areas = math.pi * circles[0, :, 2].astype(float) ** 2
            assert features["circles_area_mean"] == pytest.approx(areas.mean(), rel=1e-9)
