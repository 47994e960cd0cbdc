"""Moments of color channels against numpy and scipy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from leukokit.api import Labels, Planes, RGBImage
from leukokit.plugins.features.color_statistics import ColorStatistics

CODES = {"rgb": None, "hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB, "ycbcr": cv2.COLOR_RGB2YCrCb}
ORDER = {"rgb": "r g b", "hsv": "h s v", "lab": "l a b", "ycbcr": "y cr cb"}


def _obvious(image: RGBImage, regions: dict[str, np.ndarray]) -> dict[str, float]:
    features = {}
    for region, mask in regions.items():
        for space, code in CODES.items():
            plane = image if code is None else cv2.cvtColor(image, code)
            for position, channel in enumerate(ORDER[space].split()):
                pixels = plane[:, :, position][mask].astype(np.float64)
                constant = pixels.min() == pixels.max()
                name = f"color_{region}_{space}_{channel}"
                features[f"{name}_mean"] = pixels.mean()
                features[f"{name}_std"] = 0.0 if constant else pixels.std()
                features[f"{name}_skewness"] = 0.0 if constant else stats.skew(pixels)
    return features


def test_equals_the_obvious_way_over_all_regions(smear: RGBImage, cells: Labels) -> None:
    """Image, nucleus and cell moments are those of numpy and scipy on the pixels picked out by the masks."""
    masks = {
        "image": np.ones(cells.cell.shape, dtype=bool),
        "nucleus": cells.nucleus > 0,
        "cell": cells.cell > 0,
    }
    expected = _obvious(smear, masks)
    features = ColorStatistics().extract(Planes(smear), cells)
    assert tuple(features) == tuple(expected)
    np.testing.assert_allclose(list(features.values()), list(expected.values()), rtol=1e-7, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(image=arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))))
def test_equals_the_obvious_way_on_any_image(image: RGBImage) -> None:
    """Down to one pixel, histograms give the moments that the pixels give."""
    expected = _obvious(image, {"image": np.ones(image.shape[:2], dtype=bool)})
    features = ColorStatistics.create(regions=["image"]).extract(Planes(image))
    np.testing.assert_allclose(list(features.values()), list(expected.values()), rtol=1e-6, atol=1e-7)


@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_where_pixels_lie_does_not_matter(seed: int) -> None:
    """Moments of the whole image are the same for the same pixels in another order."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    shuffled = rng.permutation(image.reshape(-1, 3)).reshape(image.shape)
    extractor = ColorStatistics.create(regions=["image"])
    assert extractor.extract(Planes(image)) == extractor.extract(Planes(shuffled))


def test_a_known_color_and_its_skewness() -> None:
    """One white pixel among three black: mean 1/4, std sqrt(3)/4, skewness 2/sqrt(3)."""
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[0, 0] = 255
    features = ColorStatistics.create(regions=["image"], spaces=["rgb"]).extract(Planes(image))
    assert features["color_image_rgb_g_mean"] == pytest.approx(255 / 4)
    assert features["color_image_rgb_g_std"] == pytest.approx(255 * 3**0.5 / 4)
    assert features["color_image_rgb_g_skewness"] == pytest.approx(2 / 3**0.5)


@pytest.mark.real_data
def test_equals_the_obvious_way_on_real_smears(real_images: list[RGBImage]) -> None:
    """On real smears, moments are those of numpy and scipy."""
    for image in real_images[::2]:
        expected = _obvious(image, {"image": np.ones(image.shape[:2], dtype=bool)})
        features = ColorStatistics.create(regions=["image"]).extract(Planes(image))
        np.testing.assert_allclose(list(features.values()), list(expected.values()), rtol=1e-8, atol=1e-9)
