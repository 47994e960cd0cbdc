"""The exact distance transform, beside scipy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage as ndi

from leukokit.api import Mask, read_image
from leukokit.plugins.segment._distance import squared_distance_transform

masks = arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)), fill=st.just(True))


def check(mask: Mask) -> None:
    """Compare with scipy, to the last digit; and with zeros in the frame."""
    squared = squared_distance_transform(mask)
    exact = np.rint(np.square(ndi.distance_transform_edt(mask))).astype(np.int32)
    assert np.array_equal(squared, np.pad(exact, 1))


@given(masks)
def test_distances_are_scipy_s(mask: Mask) -> None:
    """Sparse background, so that distances are long and go around corners."""
    mask[-1, 0] = False
    check(mask)


@given(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.data())
def test_a_single_background_pixel_is_seen_from_everywhere(
    shape: tuple[int, int], data: st.DataObject
) -> None:
    """No run ends before the border of the image, and most columns hold no background."""
    mask = np.ones(shape, np.bool_)
    mask[data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))] = False
    check(mask)


@pytest.mark.real_data
def test_distances_in_real_smears_are_scipy_s(data_root: Path) -> None:
    """Masks of dark pixels in real images."""
    for path in sorted((data_root / "all-pbs" / "Pro").iterdir())[::200]:
        check(read_image(path)[..., 1] < 120)
