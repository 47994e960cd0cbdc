"""Histogram matching."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError
from skimage.exposure import match_histograms

from leukokit.api import DataError, PluginError
from leukokit.plugins.preprocess.histogram_match import HistogramMatch

IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)))


def fitted(*images: np.ndarray) -> HistogramMatch:
    preprocessor = HistogramMatch()
    preprocessor.fit(images)
    return preprocessor


@settings(max_examples=50, deadline=None)
@given(image=IMAGES, template=IMAGES)
def test_one_template_is_matched_as_scikit_image_does(image: np.ndarray, template: np.ndarray) -> None:
    """Each channel equals scikit-image's real-valued result, rounded."""
    result = fitted(template).apply(image)
    for channel in range(3):
        expected = match_histograms(image[..., channel], template[..., channel])
        # Sums of relative counts differ in the last bit, which decides ties: allow that much.
        assert np.abs(result[..., channel] - expected).max() <= 0.5 + 1e-4


@settings(max_examples=25, deadline=None)
@given(image=IMAGES)
def test_matching_an_image_to_itself_changes_nothing(image: np.ndarray) -> None:
    """The identity is exact, so that applying twice equals applying once."""
    assert np.array_equal(fitted(image).apply(image), image)


def test_fitted_template_is_the_mean_of_relative_histograms() -> None:
    """A large image counts as much as a small one."""
    dark, light = np.full((40, 40, 3), 10, np.uint8), np.full((4, 4, 3), 250, np.uint8)
    state = fitted(dark, light).state()["histograms"]
    assert state.shape == (3, 256)
    assert state[:, 10] == pytest.approx([0.5] * 3)
    assert state[:, 250] == pytest.approx([0.5] * 3)


def test_template_file_gives_the_pixels_of_a_fit_on_it(tmp_path: Path) -> None:
    """A file and a training part of that one image are the same template."""
    rng = np.random.default_rng(0)
    template, image = (rng.integers(0, 256, (20, 20, 3), dtype=np.uint8) for _ in range(2))
    path = tmp_path / "t.png"
    path.write_bytes(cv2.imencode(".png", template[..., ::-1])[1].tobytes())
    by_file = HistogramMatch.create(template_file=path)
    assert np.array_equal(by_file.apply(image), fitted(template).apply(image))
    assert len(by_file.fingerprint()) == 64


def test_restored_state_gives_the_same_pixels() -> None:
    """What ``state`` returns is all that ``apply`` needs."""
    rng = np.random.default_rng(1)
    first = fitted(*(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8) for _ in range(3)))
    second = HistogramMatch()
    second.restore(first.state())
    image = rng.integers(0, 200, (9, 9, 3), dtype=np.uint8)
    assert np.array_equal(first.apply(image), second.apply(image))


def test_matching_needs_a_template() -> None:
    """Nothing fitted, nothing to fit on, and a contradiction in the parameters each say so."""
    with pytest.raises(PluginError, match="applied before it was fitted"):
        HistogramMatch().apply(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="histogram_match was given no image"):
        HistogramMatch().fit([])
    with pytest.raises(ValidationError, match="needs the image's path in `template_file`"):
        HistogramMatch.create(template="file")
