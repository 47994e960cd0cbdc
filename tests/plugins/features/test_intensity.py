"""Brightness, contrast and channel statistics."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.api import Planes, RGBImage
from leukokit.plugins.features.intensity import Intensity


def test_a_constant_color_has_its_own_means_and_no_contrast() -> None:
    """Means are the color, standard deviations 0, brightness the luma of BT.601."""
    features = Intensity().extract(Planes(np.full((30, 40, 3), (200, 100, 50), dtype=np.uint8)))
    assert features["intensity_red_mean"] == 200
    assert features["intensity_green_mean"] == 100
    assert features["intensity_blue_mean"] == 50
    assert features["intensity_brightness"] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=0.5)
    assert features["intensity_contrast"] == pytest.approx(0, abs=1e-6)
    assert features["intensity_red_std"] == pytest.approx(0, abs=1e-6)


def test_half_black_half_white_has_the_largest_contrast() -> None:
    """Two levels in equal shares: the mean lies between, the deviation is half the distance."""
    image = np.zeros((20, 20, 3), dtype=np.uint8)
    image[:10] = 255
    features = Intensity().extract(Planes(image))
    assert features["intensity_brightness"] == features["intensity_contrast"] == 127.5


@pytest.mark.real_data
def test_equals_numpy_on_real_smears(real_images: list[RGBImage]) -> None:
    """The numbers are numpy's mean and std of the gray plane and of each channel."""
    for image in real_images:
        planes = Planes(image)
        expected = [planes.gray.mean(), planes.gray.std()]
        for channel in range(3):
            expected += [image[:, :, channel].mean(), image[:, :, channel].std()]
        np.testing.assert_allclose(list(Intensity().extract(planes).values()), expected, rtol=1e-10)
