"""Region covariance against its definition in numpy, and what it must not depend on."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from scipy.linalg import logm
from scipy.stats import kurtosis, skew

from leukokit.api import Labels, Planes, matrix_logarithm
from leukokit.plugins.features._covariance import map_moments
from leukokit.plugins.features.region_covariance import RegionCovariance
from leukokit.testing.images import disks, solid

IMAGE, LABELS = disks(size=96, cells=5)


def by_definition(mask: np.ndarray | None = None) -> list[float]:
    """Compute the features of the default parameters, a map at a time."""
    lab = cv2.cvtColor(IMAGE, cv2.COLOR_RGB2LAB).astype(np.float64)
    channels = np.moveaxis(lab, 2, 0)
    before, maps = channels, [*channels]
    for sigma in (1.0, 2.0, 4.0, 8.0):
        blurred = np.stack([cv2.GaussianBlur(channel, (0, 0), sigma) for channel in channels])
        for channel in blurred:
            x, y = cv2.Sobel(channel, cv2.CV_64F, 1, 0), cv2.Sobel(channel, cv2.CV_64F, 0, 1)
            maps.append(np.hypot(x, y) * sigma / 8)
        maps += [*(before - blurred)]
        before = blurred
    rows = np.stack([plane[mask] if mask is not None else plane.ravel() for plane in maps])
    logarithm = np.real(logm(np.cov(rows, ddof=0) + 0.05 * np.eye(len(rows))))
    logarithm[~np.eye(len(rows), dtype=bool)] *= math.sqrt(2)
    return [
        *logarithm[np.triu_indices(len(rows))],
        *rows.mean(axis=1),
        *skew(rows, axis=1),
        *np.log(kurtosis(rows, axis=1, fisher=False)),
    ]


def test_it_is_what_its_definition_says() -> None:
    """Image and region; float32 maps against float64."""
    found = RegionCovariance.create(regions=["image", "nucleus"]).extract(Planes(IMAGE), LABELS)
    assert len(found) == 2 * 459
    expected = [*by_definition(), *by_definition(LABELS.nucleus > 0)]
    np.testing.assert_allclose(list(found.values()), expected, atol=2e-3)


def test_a_quarter_turn_changes_nothing() -> None:
    """Blur, gradient and moments have no direction."""
    turned = np.ascontiguousarray(np.rot90(IMAGE))
    first, second = (RegionCovariance().extract(Planes(image)) for image in (IMAGE, turned))
    np.testing.assert_allclose(list(first.values()), list(second.values()), atol=1e-3)


def test_an_image_without_contrast_has_finite_values() -> None:
    """No variation is that of the ridge."""
    found = RegionCovariance.create(ridge=0.5).extract(Planes(solid()))
    assert found["regioncov_image_lab_l__lab_l"] == pytest.approx(math.log(0.5))
    assert found["regioncov_image_lab_l__lab_a"] == pytest.approx(0, abs=1e-9)
    assert found["regioncov_image_lab_l_skewness"] == found["regioncov_image_lab_l_log_kurtosis"] == 0


def test_a_region_without_pixels_is_nan() -> None:
    """So that the recipe's imputation sees that it is missing."""
    nothing = Labels({"cell": np.zeros(IMAGE.shape[:2], np.int32)})
    found = RegionCovariance.create(regions=["cell"]).extract(Planes(IMAGE), nothing)
    assert all(math.isnan(value) for value in found.values())


def test_sums_do_not_depend_on_how_pixels_are_grouped() -> None:
    """A mask over all pixels and none give the same bytes."""
    maps = np.random.default_rng(3).normal(size=(3, 40, 30, 2)).astype(np.float32)
    plain, masked = map_moments(maps, None), map_moments(maps, np.ones((40, 30), bool))
    assert plain is not None
    assert masked is not None
    assert np.array_equal(plain.covariance, masked.covariance)
    distance = np.linalg.norm(matrix_logarithm(plain.covariance, 0.1) - matrix_logarithm(np.eye(6), 0.1))
    expected = np.linalg.norm(logm(plain.covariance + 0.1 * np.eye(6)) - math.log(1.1) * np.eye(6))
    assert distance == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sigmas", "words"),
    [([2, 1], "rising order"), ([0.1], "greater than or equal to 0.3"), ([100], "less than or equal to 64")],
)
def test_widths_that_make_no_sense_are_refused(sigmas: list[float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RegionCovariance.create(sigmas=sigmas)
