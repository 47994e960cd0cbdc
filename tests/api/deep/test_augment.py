"""Augmentation: what it may change, and what it may not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from leukokit.api.deep.augment import Augmentation, augmented, sample_rng
from leukokit.api.deep.preview import preview_sheet
from leukokit.testing.images import disks

OFF = Augmentation(flips=False, rotations=False)
ALL = Augmentation(small_rotation=20, stain_jitter=0.2, crop=0.3)
IMAGES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3)))
SETTINGS = st.builds(
    Augmentation,
    flips=st.booleans(),
    rotations=st.booleans(),
    small_rotation=st.sampled_from([0.0, 15.0, 45.0]),
    stain_jitter=st.sampled_from([0.0, 0.1, 0.5]),
    crop=st.sampled_from([0.0, 0.2, 0.5]),
)


@given(IMAGES, SETTINGS, st.integers(0, 2**32 - 1))
def test_shape_and_type_stay_and_the_input_is_left_alone(
    image: NDArray[np.uint8], params: Augmentation, seed: int
) -> None:
    """Any image, any setting: uint8 of the same shape, and the given one may be read-only."""
    before = image.copy()
    image.setflags(write=False)
    changed = augmented(image, params, sample_rng(seed, "a", 0))
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(image, before)


@given(IMAGES, st.integers(0, 100))
def test_nothing_asked_for_changes_nothing(image: NDArray[np.uint8], view: int) -> None:
    """With everything off an image stays as it is."""
    assert not OFF.active
    np.testing.assert_array_equal(augmented(image, OFF, sample_rng(1, "a", view)), image)


@given(IMAGES, st.integers(0, 100))
def test_flips_and_turns_permute_pixels(image: NDArray[np.uint8], view: int) -> None:
    """No pixel is blended, lost or made up."""
    changed = augmented(image, Augmentation(), sample_rng(1, "a", view))
    ours, theirs = (np.sort(each.reshape(-1, 3), axis=0) for each in (changed, image))
    np.testing.assert_array_equal(ours, theirs)


def test_all_eight_flips_and_turns_come_up() -> None:
    """Over many views of a square image each of the eight is seen."""
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    seen = {augmented(image, Augmentation(), sample_rng(1, "a", view)).tobytes() for view in range(200)}
    assert len(seen) == 8


def test_seed_sample_and_view_decide_and_nothing_else() -> None:
    """The same three give the same picture; another of any gives another."""
    image = disks(1, size=64)[0]
    first = augmented(image, ALL, sample_rng(1, "a", 0))
    np.testing.assert_array_equal(first, augmented(image, ALL, sample_rng(1, "a", 0)))
    for other in (sample_rng(2, "a", 0), sample_rng(1, "b", 0), sample_rng(1, "a", 1)):
        assert not np.array_equal(first, augmented(image, ALL, other))


def test_switching_one_change_off_leaves_the_others_their_numbers() -> None:
    """Without jitter the picture is the same one, unjittered: geometry does not move."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[10:20, 30:50] = 255  # jitter leaves pure white nearly white and black black
    with_jitter = augmented(image, Augmentation(stain_jitter=0.1), sample_rng(1, "a", 3))
    without = augmented(image, Augmentation(), sample_rng(1, "a", 3))
    np.testing.assert_array_equal(with_jitter.max(axis=2) > 128, without.max(axis=2) > 128)


def test_jitter_changes_stain_and_hardly_glass() -> None:
    """White stays within a few levels of white at every view; a stained pixel moves."""
    image = np.full((2, 2, 3), 255, np.uint8)
    image[0] = (120, 60, 140)
    params = Augmentation(flips=False, rotations=False, stain_jitter=0.2)
    views = np.stack([augmented(image, params, sample_rng(1, "a", view)) for view in range(100)]).astype(int)
    assert views[:, 1].min() >= 245
    assert views[:, 0].std(axis=0).min() > 3


def test_corners_are_mirrored_not_black() -> None:
    """Turned by some degrees, a bright image has no dark corner."""
    image = np.full((50, 60, 3), 200, np.uint8)
    params = Augmentation(flips=False, rotations=False, small_rotation=45)
    for view in range(20):
        assert augmented(image, params, sample_rng(1, "a", view)).min() == 200


def test_a_crop_shows_a_part_of_the_image() -> None:
    """On a ramp of gray, a crop spans less than the whole and lies within it."""
    ramp = np.repeat(np.arange(100, dtype=np.uint8)[None, :, None], 100, axis=0).repeat(3, axis=2)
    params = Augmentation(flips=False, rotations=False, crop=0.5)
    spans = [np.ptp(augmented(ramp, params, sample_rng(1, "a", view))) for view in range(50)]
    assert max(spans) <= 99
    assert min(spans) < 70
    assert min(spans) >= 48


@pytest.mark.parametrize(
    "wrong", [{"crop": 0.6}, {"small_rotation": 50}, {"stain_jitter": -0.1}, {"views": 0}], ids=str
)
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    """The message names the parameter."""
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Augmentation(**wrong)  # type: ignore[arg-type]


def test_the_preview_shows_originals_beside_views() -> None:
    """A PNG with one row an image; the same bytes every time; fixed views are not made up."""
    images = [disks(i, size=64)[0] for i in range(3)]
    sheet = preview_sheet(images, ["a", "b", "<c>\x1b"], ALL, seed=1, side=64)
    assert sheet == preview_sheet(images, ["a", "b", "<c>\x1b"], ALL, seed=1, side=64)
    wide = Image.open(io.BytesIO(sheet))
    fewer = Image.open(io.BytesIO(preview_sheet(images[:1], ["a"], ALL, seed=1, side=64)))
    assert wide.height > fewer.height
    assert wide.width == fewer.width
    two = Augmentation(views=2)
    assert (
        np.asarray(Image.open(io.BytesIO(preview_sheet(images, ["a", "b", "c"], two, seed=1, side=64))))[
            80:200, 560:
        ].min()
        == 255
    )
