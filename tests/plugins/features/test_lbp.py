"""Local binary patterns against the definition and against scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from leukokit.api import ImageRejected, Labels, Planes, RGBImage
from leukokit.plugins.features._lbp_codes import neighbors, uniform_codes
from leukokit.plugins.features.lbp import Lbp

SCALES = [(8, 1), (16, 2), (24, 3)]


def _by_definition(plane: NDArray[np.uint8], points: int, radius: int) -> NDArray[np.int64]:
    """Codes pixel by pixel in Python's whole numbers, from the paper's formula."""
    offsets, weights = neighbors(points, radius)
    height, width = plane.shape
    codes = np.empty((height - 2 * radius, width - 2 * radius), dtype=np.int64)
    for y in range(radius, height - radius):
        for x in range(radius, width - radius):
            bits = []
            for (up, down, left, right), parts in zip(offsets.tolist(), weights.tolist(), strict=True):
                corners = [(up, left), (up, right), (down, left), (down, right)]
                value = sum(w * int(plane[y + i, x + j]) for w, (i, j) in zip(parts, corners, strict=True))
                bits.append(int(value >= int(plane[y, x]) * sum(parts)))
            changes = sum(bits[i] != bits[i - 1] for i in range(points))
            codes[y - radius, x - radius] = sum(bits) if changes <= 2 else points + 1
    return codes


def _undecided(plane: NDArray[np.uint8], points: int, radius: int) -> NDArray[np.bool_]:
    """Pixels with a neighbor whose interpolated value is their own up to 0.001 gray levels."""
    offsets, weights = neighbors(points, radius)
    values = plane.astype(np.float64)
    height, width = plane.shape
    inner = (height - 2 * radius, width - 2 * radius)

    def shifted(dy: int, dx: int) -> NDArray[np.float64]:
        return values[radius + dy : radius + dy + inner[0], radius + dx : radius + dx + inner[1]]

    close = np.zeros(inner, dtype=bool)
    for (up, down, left, right), parts in zip(offsets.tolist(), weights / 2**22, strict=True):
        corners = [(up, left), (up, right), (down, left), (down, right)]
        value = sum(w * shifted(*corner) for w, corner in zip(parts, corners, strict=True))
        close |= np.abs(value - shifted(0, 0)) < 1e-3
    return close


def _twin(plane: NDArray[np.uint8], points: int, radius: int) -> NDArray[np.float64]:
    codes: NDArray[np.float64] = local_binary_pattern(plane, points, radius, method="uniform")
    return codes[radius:-radius, radius:-radius]


@settings(max_examples=25, deadline=None)
@given(
    plane=arrays.arrays(np.uint8, st.tuples(st.integers(9, 14), st.integers(9, 14))),
    points=st.integers(4, 32),
    radius=st.integers(1, 4),
)
def test_codes_are_those_of_the_definition(plane: NDArray[np.uint8], points: int, radius: int) -> None:
    """For any number of points and any radius, the compiled codes are those of the formula."""
    codes = uniform_codes(plane[np.newaxis], points, radius)[0]
    np.testing.assert_array_equal(codes, _by_definition(plane, points, radius))


@settings(max_examples=25, deadline=None)
@given(
    plane=arrays.arrays(np.uint8, st.tuples(st.integers(9, 30), st.integers(9, 30))),
    scale=st.sampled_from(SCALES),
)
def test_codes_are_scikit_image_s_where_no_neighbor_ties(
    plane: NDArray[np.uint8], scale: tuple[int, int]
) -> None:
    """Away from ties, which floating point decides by round-off, codes are scikit-image's."""
    codes = uniform_codes(plane[np.newaxis], *scale)[0]
    decided = ~_undecided(plane, *scale)
    np.testing.assert_array_equal(codes[decided], _twin(plane, *scale)[decided])


@pytest.mark.real_data
@pytest.mark.parametrize("scale", SCALES)
def test_codes_of_real_smears_are_scikit_image_s(real_images: list[RGBImage], scale: tuple[int, int]) -> None:
    """On real smears, all codes away from ties, and 999 of 1000 in all, are scikit-image's."""
    for image in real_images[::3]:
        plane = Planes(image).lab[:, :, 1]
        codes, twin = uniform_codes(plane[np.newaxis], *scale)[0], _twin(plane, *scale)
        decided = ~_undecided(plane, *scale)
        np.testing.assert_array_equal(codes[decided], twin[decided])
        assert (codes == twin).mean() > 0.999


@given(
    plane=arrays.arrays(np.uint8, (12, 13), elements=st.integers(0, 100)),
    shift=st.integers(0, 155),
    scale=st.sampled_from(SCALES),
)
@settings(max_examples=25, deadline=None)
def test_a_brighter_image_has_the_same_codes(
    plane: NDArray[np.uint8], shift: int, scale: tuple[int, int]
) -> None:
    """Adding a constant to all pixels changes no code, ties included."""
    brighter = plane + np.uint8(shift)
    np.testing.assert_array_equal(
        uniform_codes(plane[np.newaxis], *scale), uniform_codes(brighter[np.newaxis], *scale)
    )


@pytest.mark.parametrize("moved", [np.rot90, np.flipud, np.fliplr])
def test_quarter_turns_and_mirrors_keep_the_shares(smear: RGBImage, moved: object) -> None:
    """The histogram does not depend on how the slide lies."""
    assert callable(moved)
    extractor = Lbp.create(channels=["rgb_g"])
    turned = np.ascontiguousarray(moved(smear))
    np.testing.assert_allclose(
        list(extractor.extract(Planes(turned)).values()),
        list(extractor.extract(Planes(smear)).values()),
        atol=1e-12,
    )


def test_a_flat_image_is_all_ties() -> None:
    """In a flat image every neighbor is as bright as the pixel: all codes are the number of points."""
    features = Lbp().extract(Planes(np.full((20, 20, 3), 77, dtype=np.uint8)))
    for points, radius in SCALES:
        assert features[f"lbp_image_rgb_g_p{points}r{radius}_{points:02d}"] == 1.0
    assert sum(features.values()) == 3 * 5


def test_a_single_bright_spot_is_brighter_than_all_around() -> None:
    """A bright pixel has code 0, and each histogram sums to 1."""
    image = np.zeros((7, 7, 3), dtype=np.uint8)
    image[3, 3] = 255
    features = Lbp.create(channels=["gray"], scales=[{"points": 8, "radius": 1}]).extract(Planes(image))
    assert features["lbp_image_gray_p8r1_00"] == pytest.approx(1 / 25)
    assert sum(features.values()) == pytest.approx(1)


def test_a_region_counts_its_own_pixels_alone(smear: RGBImage, cells: Labels) -> None:
    """Shares within the nucleus are the histogram of the codes under its mask."""
    extractor = Lbp.create(
        regions=["nucleus"],
        channels=["gray"],
        scales=[{"points": 8, "radius": 1}, {"points": 16, "radius": 2}],
    )
    features = extractor.extract(Planes(smear), cells)
    expected: list[float] = []
    for points, radius in SCALES[:2]:
        codes = uniform_codes(Planes(smear).gray[np.newaxis], points, radius)[0]
        chosen = codes[cells.nucleus[radius:-radius, radius:-radius] > 0]
        expected += (np.bincount(chosen, minlength=points + 2) / chosen.size).tolist()
    np.testing.assert_allclose(list(features.values()), expected, rtol=1e-12)


def test_an_image_too_small_for_the_circle_is_rejected() -> None:
    """The largest radius needs at least one pixel it fits around."""
    with pytest.raises(ImageRejected, match=r"too_small: lbp with radius 3 needs 7 px a side, got \(6, 40\)"):
        Lbp().extract(Planes(np.zeros((6, 40, 3), dtype=np.uint8)))
    features = Lbp().extract(Planes(np.zeros((7, 7, 3), dtype=np.uint8)))
    assert not any(math.isnan(value) for value in features.values())
