"""Co-occurrence texture against scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from skimage.feature import graycomatrix, graycoprops

from leukokit.api import ImageRejected, Labels, Planes, RGBImage
from leukokit.plugins.features._cooccurrence import Property, cooccurrence
from leukokit.plugins.features.haralick import Haralick


def _twin(leveled: NDArray[np.uint8], distance: int, levels: int) -> NDArray[np.float64]:
    """Matrices of scikit-image, levels x levels x 1 x 4, with diagonals of whole rows and columns."""
    straight = graycomatrix(leveled, [distance], [0, math.pi / 2], levels, symmetric=True, normed=True)
    # scikit-image measures distances along diagonals in px: d rows and d columns are sqrt(2) d px.
    diagonal = graycomatrix(
        leveled,
        [distance * math.sqrt(2)],
        [math.pi / 4, 3 * math.pi / 4],
        levels,
        symmetric=True,
        normed=True,
    )
    return np.concatenate(
        [straight[..., :1], diagonal[..., :1], straight[..., 1:], diagonal[..., 1:]], axis=3
    )


@settings(max_examples=40, deadline=None)
@given(
    leveled=arrays.arrays(
        np.uint8, st.tuples(st.integers(4, 14), st.integers(4, 14)), elements=st.integers(0, 6)
    ),
    distance=st.integers(1, 3),
)
def test_matrices_are_scikit_image_s(leveled: NDArray[np.uint8], distance: int) -> None:
    """For any image and distance, the four matrices are graycomatrix's."""
    matrices = cooccurrence(leveled, None, np.array([distance]), 7)
    np.testing.assert_allclose(
        matrices[0].transpose(1, 2, 0), _twin(leveled, distance, 7)[:, :, 0], atol=1e-12
    )


@pytest.mark.real_data
@pytest.mark.parametrize("levels", [16, 256])
def test_properties_of_real_smears_are_scikit_image_s(real_images: list[RGBImage], levels: int) -> None:
    """On real smears, mean and range over angles of all properties are graycoprops's."""
    distances = (1, 3)
    extractor = Haralick.create(channels=["gray"], levels=levels, distances=distances)
    for image in real_images[::4]:
        leveled = (Planes(image).gray.astype(int) * levels // 256).astype(np.uint8)
        expected = []
        for distance in distances:
            twin = _twin(leveled, distance, levels)
            for which in Property:
                values = graycoprops(twin, "ASM" if which is Property.ASM else which.value)[0]
                expected += [values.mean(), np.ptp(values)]
        features = extractor.extract(Planes(image))
        np.testing.assert_allclose(list(features.values()), expected, rtol=1e-7, atol=1e-9)


def test_stripes_have_a_known_texture() -> None:
    """Black and white rows in turn: all pairs along a row are alike, all pairs along a column differ."""
    image = np.zeros((16, 16, 3), dtype=np.uint8)
    image[::2] = 255
    params = {"channels": ["gray"], "levels": 2, "properties": ["contrast", "homogeneity", "correlation"]}
    features = Haralick.create(**params).extract(Planes(image))
    # Contrast is 0 along rows, 1 along columns and both diagonals.
    assert features["haralick_image_gray_d1_contrast_mean"] == pytest.approx(3 / 4)
    assert features["haralick_image_gray_d1_contrast_range"] == pytest.approx(1)
    assert features["haralick_image_gray_d1_homogeneity_mean"] == pytest.approx((1 + 3 / 2) / 4)
    assert features["haralick_image_gray_d1_correlation_range"] == pytest.approx(2, abs=0.01)


def test_a_flat_image_has_no_contrast_and_one_entry() -> None:
    """One level: energy, homogeneity and, by convention, correlation are 1, the rest 0."""
    features = Haralick.create(channels=["gray"], distances=[2], statistics=["mean"]).extract(
        Planes(np.full((9, 9, 3), 140, dtype=np.uint8))
    )
    expected = dict.fromkeys(Property, 0.0)
    expected |= dict.fromkeys(
        (Property.HOMOGENEITY, Property.ASM, Property.ENERGY, Property.CORRELATION), 1.0
    )
    for which, value in expected.items():
        assert features[f"haralick_image_gray_d2_{which}_mean"] == pytest.approx(value)


@pytest.mark.parametrize("moved", [np.rot90, np.flipud, np.fliplr])
def test_quarter_turns_and_mirrors_keep_mean_and_range(smear: RGBImage, moved: object) -> None:
    """The four directions change places, their mean and range stay."""
    assert callable(moved)
    turned = np.ascontiguousarray(moved(smear))
    np.testing.assert_allclose(
        list(Haralick.create(distances=[1, 3]).extract(Planes(turned)).values()),
        list(Haralick.create(distances=[1, 3]).extract(Planes(smear)).values()),
        atol=1e-10,
    )


@given(seed=st.integers(0, 100), distance=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_pairs_lie_wholly_within_the_mask(seed: int, distance: int) -> None:
    """What lies outside the mask cannot change the matrices, which count the pairs that Python finds."""
    rng = np.random.default_rng(seed)
    leveled = rng.integers(0, 4, (9, 10)).astype(np.uint8)
    mask = rng.random((9, 10)) < 0.7
    other = np.where(mask, leveled, (leveled + 1) % 4).astype(np.uint8)
    matrices = cooccurrence(leveled, mask, np.array([distance]), 4)
    np.testing.assert_array_equal(matrices, cooccurrence(other, mask, np.array([distance]), 4))
    steps = [(0, distance), (distance, distance), (distance, 0), (distance, -distance)]
    for matrix, (dy, dx) in zip(matrices[0], steps, strict=True):
        counts = np.zeros((4, 4))
        for y, x in np.argwhere(mask):
            i, j = y + dy, x + dx
            if 0 <= i < 9 and 0 <= j < 10 and mask[i, j]:
                counts[leveled[y, x], leveled[i, j]] += 1
                counts[leveled[i, j], leveled[y, x]] += 1
        np.testing.assert_allclose(matrix, counts / counts.sum())


def test_a_region_without_pairs_is_missing(smear: RGBImage) -> None:
    """A nucleus of one pixel has no texture: NaN, as declared."""
    nucleus = np.zeros((120, 120), dtype=np.int32)
    nucleus[50, 50] = 1
    extractor = Haralick.create(regions=["nucleus"])
    features = extractor.extract(Planes(smear), Labels({"nucleus": nucleus}))
    assert all(math.isnan(value) for value in features.values())
    assert set(features) == extractor.nullable()


def test_an_image_too_small_for_the_distance_is_rejected() -> None:
    """Pairs at the largest distance must fit into the image."""
    with pytest.raises(ImageRejected, match=r"too_small: haralick at distance 4 .* \(4, 50\)"):
        Haralick.create(distances=[1, 4]).extract(Planes(np.zeros((4, 50, 3), dtype=np.uint8)))
