"""Median filter."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from leukokit.plugins.preprocess.median import Median


@pytest.mark.parametrize("size", [3, 5, 9])
def test_median_is_that_of_scipy_on_each_channel(size: int) -> None:
    """Each channel is filtered on its own, with the border replicated."""
    image = np.random.default_rng(1).integers(0, 256, (31, 23, 3), dtype=np.uint8)
    expected = np.dstack([ndimage.median_filter(image[..., c], size, mode="nearest") for c in range(3)])
    assert np.array_equal(Median.create(size=size).apply(image), expected)


def test_default_is_the_papers_window() -> None:
    """Without parameters the window is 3 x 3: a lone speck goes, a 2 x 2 block's core would stay."""
    image = np.full((9, 9, 3), 200, np.uint8)
    image[4, 4] = 0
    assert (Median().apply(image) == 200).all()
    image[3:6, 3:6] = 0
    assert (Median().apply(image)[4, 4] == 0).all()


@pytest.mark.parametrize(("size", "message"), [(4, "odd: use 3 or 5"), (1, "greater than or equal to 3")])
def test_bad_window_is_refused_with_the_way_out(size: int, message: str) -> None:
    """An even or too small window names what would do."""
    with pytest.raises(ValidationError, match=message):
        Median.create(size=size)
