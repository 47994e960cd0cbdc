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
from skimage import measure

from leukokit.deep.augment import Augmentation, augmented, sample_rng
from leukokit.deep.preview import preview_sheet
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
    """The image is one of the eight (four, where not square) that a mirror and turns make."""
    changed = augmented(image, Augmentation(), sample_rng(1, "a", view))
    step = 1 if image.shape[0] == image.shape[1] else 2
    turned = [np.rot90(image, turns) for turns in range(0, 4, step)]
    assert any(np.array_equal(changed, view) for one in turned for view in (one, one[:, ::-1]))


@given(IMAGES, SETTINGS, st.integers(0, 100))
def test_the_result_shares_no_memory_with_the_image(
    image: NDArray[np.uint8], params: Augmentation, view: int
) -> None:
    """Writing to the result changes the image at no view, turned or not."""
    changed = augmented(image, params, sample_rng(1, "a", view))
    assert not np.shares_memory(changed, image)
    assert changed.flags.c_contiguous
    assert changed.flags.writeable


@given(IMAGES, SETTINGS)
def test_the_layout_in_memory_does_not_matter(image: NDArray[np.uint8], params: Augmentation) -> None:
    """A mirrored and transposed view of an array gives what its copy gives."""
    strange = image[::-1, ::-1].transpose(1, 0, 2)
    np.testing.assert_array_equal(
        augmented(strange, params, sample_rng(1, "a", 0)),
        augmented(strange.copy(order="C"), params, sample_rng(1, "a", 0)),
    )


def test_all_eight_flips_and_turns_come_up() -> None:
    """Over many views of a square image each of the eight is seen."""
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    seen = {augmented(image, Augmentation(), sample_rng(1, "a", view)).tobytes() for view in range(200)}
    assert len(seen) == 8


def test_seed_sample_and_view_decide_and_nothing_else() -> None:
    """The same three give the same image; another of any gives another."""
    image = disks(1, size=64)[0]
    first = augmented(image, ALL, sample_rng(1, "a", 0))
    np.testing.assert_array_equal(first, augmented(image, ALL, sample_rng(1, "a", 0)))
    for other in (sample_rng(2, "a", 0), sample_rng(1, "b", 0), sample_rng(1, "a", 1)):
        assert not np.array_equal(first, augmented(image, ALL, other))


@given(IMAGES, SETTINGS, st.integers(0, 100))
def test_switching_one_change_off_leaves_the_others_their_numbers(
    image: NDArray[np.uint8], params: Augmentation, view: int
) -> None:
    """Each change made alone, one after another, makes the image that all together make."""
    alone = [
        {"stain_jitter": params.stain_jitter},
        {"small_rotation": params.small_rotation, "crop": params.crop},
        {"rotations": params.rotations},
        {"flips": params.flips},
    ]
    steps = image
    for only in alone:
        steps = augmented(steps, OFF.model_copy(update=only), sample_rng(1, "a", view))
    np.testing.assert_array_equal(augmented(image, params, sample_rng(1, "a", view)), steps)


@given(IMAGES, SETTINGS)
def test_as_many_numbers_are_drawn_whatever_is_asked_for(
    image: NDArray[np.uint8], params: Augmentation
) -> None:
    """What a generator gives next does not depend on image or setting."""
    ours, theirs = sample_rng(1, "a", 0), sample_rng(1, "a", 0)
    augmented(image, params, ours)
    augmented(np.zeros((1, 1, 3), np.uint8), OFF, theirs)
    assert ours.random() == theirs.random()


@given(IMAGES, st.integers(0, 100))
def test_hardly_any_jitter_hardly_changes_anything(image: NDArray[np.uint8], view: int) -> None:
    """To optical density, to stains and back is the same image, within a gray level."""
    tiny = OFF.model_copy(update={"stain_jitter": 1e-9})
    changed = augmented(image, tiny, sample_rng(1, "a", view)).astype(int)
    assert np.abs(changed - image).max() <= 1


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
    ("name", "value", "limit"),
    [
        ("crop", 0.6, "less than or equal to 0.5"),
        ("crop", -0.1, "greater than or equal to 0"),
        ("small_rotation", 50, "less than or equal to 45"),
        ("stain_jitter", -0.1, "greater than or equal to 0"),
        ("stain_jitter", float("nan"), "finite"),
        ("views", 0, "greater than or equal to 1"),
    ],
)
def test_values_out_of_range_are_refused(name: str, value: float, limit: str) -> None:
    """The message names the parameter and what it may be."""
    with pytest.raises(ValidationError, match=rf"{name}\n.*{limit}"):
        Augmentation(**{name: value})  # type: ignore[arg-type]


def test_the_preview_shows_originals_beside_views() -> None:
    """A PNG with one row an image; the same bytes every time, whatever letters a caption has."""
    images = [disks(i, size=64)[0] for i in range(3)]
    sheet = preview_sheet(images, ["a", "b", "<c>\x1b"], ALL, seed=1, side=64)
    assert sheet == preview_sheet(images, ["a", "b", "<c>\x1b"], ALL, seed=1, side=64)
    wide = Image.open(io.BytesIO(sheet))
    fewer = Image.open(io.BytesIO(preview_sheet(images[:1], ["a"], ALL, seed=1, side=64)))
    assert wide.height > fewer.height
    assert wide.width == fewer.width


@pytest.mark.parametrize(("views", "fixed", "shown"), [(7, None, 7), (5, None, 5), (7, 4, 4), (5, 6, 5)])
def test_the_preview_has_a_panel_a_view(views: int, fixed: int | None, shown: int) -> None:
    """Black images make black panels, which are counted; fixed views are not shown twice."""
    black = [np.zeros((16, 16, 3), np.uint8)] * 2
    params = Augmentation(views=fixed)
    sheet = preview_sheet(black, ["a", "b"], params, seed=1, side=16, views=views)
    dark = (np.asarray(Image.open(io.BytesIO(sheet))) == 0).all(axis=2)
    _, panels = measure.label(dark, return_num=True)
    assert panels == 2 * (shown + 1)


def test_the_preview_is_wide_enough_for_its_words() -> None:
    """With one view the line that says what is on is still read to its end."""
    image = [disks(1, size=64)[0]]
    params = ALL.model_copy(update={"views": 1})
    sheet = np.asarray(Image.open(io.BytesIO(preview_sheet(image, ["a"], params, seed=1, side=64))))
    assert sheet[:50, -8:].min() == 255
