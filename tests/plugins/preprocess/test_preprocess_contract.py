"""What every built-in preprocessor promises, on any image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leukokit.api import Preprocessor
from leukokit.plugins.preprocess.clahe import Clahe
from leukokit.plugins.preprocess.hide_scale_bar import HideScaleBar
from leukokit.plugins.preprocess.histogram_match import HistogramMatch
from leukokit.plugins.preprocess.median import Median
from leukokit.plugins.preprocess.reinhard import Reinhard
from leukokit.testing.images import disks

IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)))


def built() -> list[Preprocessor]:
    template, _ = disks(0, size=96)
    every: list[Preprocessor] = [
        Reinhard(),
        Reinhard.create(template="fitted"),
        HistogramMatch(),
        Median(),
        Clahe(),
        HideScaleBar(),
    ]
    for preprocessor in every:
        if preprocessor.needs_fit():
            preprocessor.fit([template])
    return every


@pytest.mark.filterwarnings("ignore::leukokit.api.ImageNote")
@pytest.mark.parametrize("preprocessor", built(), ids=repr)
@settings(max_examples=25, deadline=None)
@given(image=IMAGES)
def test_any_image_keeps_shape_and_dtype_and_stays_unwritten(
    preprocessor: Preprocessor, image: np.ndarray
) -> None:
    """A read-only image of any size gives a uint8 image of its size, twice the same."""
    before = image.copy()
    image.setflags(write=False)
    first, second = preprocessor.apply(image), preprocessor.apply(image)
    assert first.dtype == np.uint8
    assert first.shape == image.shape
    assert np.array_equal(first, second)
    assert np.array_equal(image, before)
