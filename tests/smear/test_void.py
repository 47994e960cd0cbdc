"""Black is no glass."""

from __future__ import annotations

import numpy as np

from leukokit.api.smear import GLASS, void_mask, without_void


def test_an_image_without_black_is_left_alone() -> None:
    """A few black pixels are dirt: no mask, and the same array comes back."""
    image = np.full((60, 80, 3), 200, np.uint8)
    image[5:9, 5:9] = 0
    assert void_mask(image) is None
    assert without_void(image, None) is image


def test_black_and_its_rim_are_void() -> None:
    """JPEG blurs the rim of a mask by a few px: that is void too, and nothing further away."""
    image = np.full((60, 80, 3), 200, np.uint8)
    image[:, :30] = 0
    void = void_mask(image)
    assert void is not None
    assert void[:, :32].all()
    assert not void[:, 33:].any()


def test_void_becomes_the_glass_of_the_image() -> None:
    """A dark corner of an aperture is filled with the glass beside it: there is no step."""
    image = np.full((60, 80, 3), (220, 210, 230), np.uint8)
    image[:, :30] = 5
    filled = without_void(image, void_mask(image))
    assert (filled == (220, 210, 230)).all()


def test_around_a_cell_cut_out_on_black_becomes_light() -> None:
    """There is no glass to copy: the lightest pixels of the cell would hide it."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[20:40, 20:50] = (140, 90, 160)
    filled = without_void(image, void_mask(image))
    assert (filled[:15] == GLASS).all()
    assert (filled[25:35, 25:45] == (140, 90, 160)).all()


def test_an_image_of_nothing_but_black_is_all_void() -> None:
    """Filled, it is blank glass."""
    image = np.zeros((20, 20, 3), np.uint8)
    void = void_mask(image)
    assert void is not None
    assert void.all()
    assert (without_void(image, void) == GLASS).all()
