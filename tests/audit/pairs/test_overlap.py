"""Views of the same cells are known as such; scale bars with the same label are not cells."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import leukokit
from leukokit.api import decode_image
from leukokit.audit.pairs.hashes import TRANSFORMS
from leukokit.audit.pairs.overlap import features, features_and_mirrored, match
from leukokit.audit.pairs.pair import PairKind


@pytest.fixture(scope="module")
def smears():
    dataset = leukokit.component("dataset", "smears", per_class=6, seed=4, size=400)
    return [dataset.render(sample) for sample in dataset.samples()]


def window(image, left, top, side=224):
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def jpeg(image, quality=75):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def transformed(image, number):
    flipped = np.fliplr(image) if number >= 4 else image
    return np.ascontiguousarray(np.rot90(flipped, number % 4))


@pytest.mark.parametrize("number", range(8), ids=TRANSFORMS)
def test_a_copy_is_known_however_turned_and_encoded(smears, number):
    """Its transform is told."""
    for image in smears:
        view = window(image, 90, 90)
        mirrored = number >= 4
        a = features(np.ascontiguousarray(view[:, ::-1]) if mirrored else view)

        overlap = match(a, features(jpeg(transformed(view, number))), mirrored=mirrored)

        assert overlap is not None
        assert (overlap.kind, overlap.transform) == (PairKind.NEAR, TRANSFORMS[number])
        assert overlap.overlap > 0.97


@pytest.mark.parametrize("factor", [0.5, 0.8, 2.5])
def test_a_resized_copy_is_the_same_picture(smears, factor):
    """Whatever its size in px."""
    for image in smears:
        small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)

        overlap = match(features(image), features(small))

        assert overlap is not None
        assert overlap.kind is PairKind.NEAR
        assert overlap.scale == pytest.approx(1, abs=0.02)


def test_views_with_sixty_percent_in_common_overlap(smears):
    """The share is told to within two points."""
    for image in smears:
        overlap = match(features(window(image, 10, 60)), features(jpeg(window(image, 100, 60))))

        assert overlap is not None
        assert (overlap.kind, overlap.transform) == (PairKind.OVERLAP, "identity")
        assert overlap.overlap == pytest.approx((224 - 90) / 224, abs=0.02)
        assert overlap.correlation > 0.8


def test_a_detail_lies_wholly_in_the_larger_view(smears):
    """The share is that of the smaller view, and the two are not one picture."""
    overlap = match(features(smears[0]), features(window(smears[0], 40, 40, side=310)))

    assert overlap is not None
    assert overlap.kind is PairKind.OVERLAP
    assert overlap.overlap > 0.97


def test_different_fields_do_not_overlap(smears):
    """All pairs of 24 fields."""
    points = [features(image) for image in smears]

    overlapping = [
        (a, b) for a in range(24) for b in range(a + 1, 24) if match(points[a], points[b]) is not None
    ]

    assert overlapping == []


@pytest.mark.parametrize("shift", [0, 5])
def test_the_same_label_in_the_corner_is_no_overlap(smears, shift):
    """Its letters agree on a motion, but nothing else does."""
    label = np.full((48, 110, 3), 255, dtype=np.uint8)
    cv2.putText(label, "200 px AxB", (4, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    cv2.rectangle(label, (4, 34), (104, 38), (0, 0, 0), -1)
    labeled = []
    for i, image in enumerate(smears):
        view = window(image, 0, 0)
        top = 224 - 48 - (shift if i % 2 else 0)
        view[top : top + 48, 224 - 110 :] = label
        labeled.append(features(view))

    overlapping = [
        (a, b) for a in range(24) for b in range(a + 1, 24) if match(labeled[a], labeled[b]) is not None
    ]

    assert overlapping == []


def test_that_label_alone_would_agree_on_a_motion(smears, monkeypatch):
    """So the test above would fail without the correlation."""
    label = np.full((48, 110, 3), 255, dtype=np.uint8)
    cv2.putText(label, "200 px AxB", (4, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    views = [window(smears[0], 0, 0), window(smears[1], 0, 0)]
    for view in views:
        view[224 - 48 :, 224 - 110 :] = label
    monkeypatch.setattr("leukokit.audit.pairs.overlap.LEAST_CORRELATION", -1.0)

    assert match(features(views[0]), features(views[1])) is not None


def blackened(image):
    """Leave white cells on black, as a segmentation does."""
    green = cv2.GaussianBlur(image, (0, 0), 2)[..., 1]
    return np.where((green < 150)[..., None], image, np.uint8(0))


def test_black_around_segmented_cells_hides_no_overlap(smears):
    """It is flat in both, which speaks neither for nor against; most views have cells enough to tell."""
    overlaps = [
        match(features(blackened(window(image, 10, 60))), features(blackened(window(image, 70, 60))))
        for image in smears
    ]

    assert sum(overlap is not None for overlap in overlaps) >= 20
    assert all(
        overlap is None or overlap.overlap == pytest.approx((224 - 60) / 224, abs=0.03)
        for overlap in overlaps
    )


def test_cells_on_black_do_not_fit_each_other(smears):
    """Though round outlines agree in many ways."""
    points = [features(blackened(window(image, 60, 60))) for image in smears]

    overlapping = [
        (a, b) for a in range(24) for b in range(a + 1, 24) if match(points[a], points[b]) is not None
    ]

    assert overlapping == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (224, 224)])
def test_a_picture_without_structure_overlaps_with_nothing(smears, shape):
    """Not even with itself."""
    flat = features(np.full((*shape, 3), 255, dtype=np.uint8))

    assert flat.points.shape == (0, 2)
    assert match(flat, flat) is None
    assert match(flat, features(smears[0])) is None
    assert match(features(smears[0]), flat) is None


def test_the_same_two_pictures_give_the_same_answer(smears):
    """RANSAC draws the same numbers each time, whatever was drawn before."""
    a, b = features(window(smears[2], 10, 60)), features(window(smears[2], 100, 80))
    before = match(a, b)
    cv2.setRNGSeed(5)
    match(features(smears[0]), features(smears[3]))

    assert match(a, b) == before
    assert np.array_equal(features(window(smears[2], 10, 60)).descriptors, a.descriptors)


def test_gray_pictures_are_welcome(smears):
    """Color plays no part."""
    gray = cv2.cvtColor(smears[0], cv2.COLOR_RGB2GRAY)

    assert np.array_equal(features(gray).points, features(smears[0]).points)


@pytest.mark.real_data
def test_large_bars_of_real_photographs_are_no_overlap(data_root):
    """Random pairs of Benign and Early, whose black bars say the same in hundreds of photographs."""
    rng = np.random.default_rng(3)
    folders = [sorted((data_root / "all-pbs" / name).glob("*.jpg")) for name in ("Benign", "Early")]
    chosen = [path for paths in folders for path in rng.choice(paths[::25], 18, replace=False)]
    points = [features(decode_image(path.read_bytes(), name=path.name).rgb) for path in chosen]

    overlaps = [
        (chosen[a].name, chosen[b].name)
        for a in range(len(points))
        for b in range(a + 1, len(points))
        if match(points[a], points[b]) is not None
    ]

    assert overlaps == []


def test_the_mirror_image_is_described_without_a_second_search():
    """As if it had been searched by itself."""
    smears = leukokit.component("dataset", "smears", per_class=3, seed=6, size=300)
    image = smears.render(smears.samples()[0])
    plain, mirrored = features_and_mirrored(image)
    searched = features(np.ascontiguousarray(image[:, ::-1]))

    assert np.array_equal(plain.descriptors, features(image).descriptors)
    assert np.array_equal(mirrored.thumb, searched.thumb)
    overlap = match(mirrored, searched)
    assert overlap is not None
    assert overlap.inliers >= 0.7 * len(searched.points)
