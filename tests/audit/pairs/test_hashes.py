"""Hashes stay when a picture is encoded again, and know it flipped or turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import leukokit
from leukokit.audit.pairs.hashes import NEAR_BITS, TRANSFORMS, near_hashes, perceptual_hashes


@pytest.fixture(scope="module")
def smears():
    dataset = leukokit.component("dataset", "smears", per_class=5, seed=6)
    return [dataset.render(sample) for sample in dataset.samples()]


def transformed(image, number):
    flipped = np.fliplr(image) if number >= 4 else image
    return np.ascontiguousarray(np.rot90(flipped, number % 4))


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def bits(a, b):
    return np.bitwise_count(a ^ b)


@pytest.mark.parametrize("number", range(8), ids=TRANSFORMS)
def test_each_hash_is_that_of_the_picture_flipped_or_turned(smears, number):
    """Hashes come from one transform, with signs and axes changed; a bit may be rounding."""
    apart = [
        bits(perceptual_hashes(image)[number], perceptual_hashes(transformed(image, number))[0])
        for image in smears
    ]

    assert max(apart) <= 2


@pytest.mark.parametrize(
    "change",
    [
        lambda image: jpeg(image, 70),
        lambda image: cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA),
        lambda image: cv2.resize(image, None, fx=2.0, fy=2.0),
        lambda image: cv2.add(image, (12, 12, 12, 0)),
        lambda image: (image * 0.8).astype(np.uint8),
        lambda image: cv2.GaussianBlur(image, (0, 0), 1.5),
    ],
    ids=["jpeg", "smaller", "larger", "brighter", "darker", "blurred"],
)
def test_a_picture_that_was_worked_on_keeps_its_hash_nearly(smears, change):
    """And so it is found."""
    apart = [bits(perceptual_hashes(image)[0], perceptual_hashes(change(image))[0]) for image in smears]

    assert max(apart) <= NEAR_BITS


def test_different_pictures_have_different_hashes(smears):
    """Some 32 of 64 bits differ."""
    hashes = np.array([perceptual_hashes(image) for image in smears])

    assert near_hashes(hashes).shape == (0, 3)
    assert np.median(bits(hashes[:-1, 0], hashes[1:, 0])) > 24


@pytest.mark.parametrize("value", [0, 127, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 90), (224, 224)])
def test_pictures_of_one_color_are_in_no_pair(shape, value):
    """They have no structure that could be the same."""
    flat = perceptual_hashes(np.full((*shape, 3), value, dtype=np.uint8))

    assert flat.tolist() == [0] * 8
    assert near_hashes(np.array([flat, flat])).shape == (0, 3)


@given(
    hnp.arrays(
        np.uint64, st.tuples(st.integers(0, 9), st.just(8)), elements=st.sampled_from([0, 1, 3, 7, 255])
    ),
    st.integers(0, 4),
)
def test_near_hashes_are_those_that_comparing_one_by_one_finds(hashes, most):
    """The nearest transform is told, the first of several."""
    expected = []
    for a in range(len(hashes)):
        for b in range(a + 1, len(hashes)):
            apart = [int(bits(hashes[a, t], hashes[b, 0])) for t in range(8)]
            if min(apart) <= most and hashes[a, 0] and hashes[b, 0]:
                expected.append([a, b, int(np.argmin(apart))])

    assert near_hashes(hashes, most).tolist() == expected


def test_blocks_do_not_show(monkeypatch):
    """Pairs within a block and across blocks come in the same order."""
    hashes = np.random.default_rng(0).integers(1, 64, size=(50, 8)).astype(np.uint64)
    whole = near_hashes(hashes, 1)

    monkeypatch.setattr("leukokit.audit.pairs.hashes._BLOCK", 7)

    assert len(whole) > 10
    assert near_hashes(hashes, 1).tolist() == whole.tolist()
