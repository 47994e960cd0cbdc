"""Histogram matching."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from skimage.exposure import match_histograms

from leukokit.api import DataError, ImageNote, PluginError
from leukokit.plugins.preprocess.histogram_match import HistogramMatch

Draw = Callable[..., np.ndarray]
SEEDS = st.integers(0, 10_000)


def fitted(*images: np.ndarray) -> HistogramMatch:
    preprocessor = HistogramMatch()
    preprocessor.fit(images)
    return preprocessor


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, other=SEEDS)
def test_one_template_is_matched_as_scikit_image_does(draw_smear: Draw, seed: int, other: int) -> None:
    """Each channel equals scikit-image's real-valued result, rounded."""
    image, template = draw_smear(seed), draw_smear(other, 48)
    result = fitted(template).apply(image)
    for channel in range(3):
        expected = match_histograms(image[..., channel], template[..., channel])
        # Sums of relative counts differ in the last bit, which decides ties: allow that much.
        assert np.abs(result[..., channel] - expected).max() <= 0.5 + 1e-4


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_matching_an_image_to_itself_changes_nothing(draw_smear: Draw, seed: int) -> None:
    """The identity is exact, so that applying twice equals applying once."""
    image = draw_smear(seed)
    assert np.array_equal(fitted(image).apply(image), image)


def test_fitted_template_is_the_mean_of_relative_histograms(draw_smear: Draw) -> None:
    """A large image counts as much as a small one, and a blank one not at all."""
    large, small, blank = draw_smear(1, 90), draw_smear(2, 40), np.full((50, 50, 3), 200, np.uint8)
    state = fitted(large, blank, small).state()["histograms"]
    assert state.shape == (3, 256)
    for channel in range(3):
        relative = [
            np.bincount(i[..., channel].ravel(), minlength=256) / i[..., 0].size for i in (large, small)
        ]
        assert state[channel] == pytest.approx(np.mean(relative, axis=0))


def test_a_picture_without_stain_passes_unchanged_and_says_so(
    draw_smear: Draw, blank_fields: dict[str, np.ndarray]
) -> None:
    """Blank glass, noise of any grain and black would become cells."""
    preprocessor = fitted(draw_smear(0))
    for name, field in blank_fields.items():
        with pytest.warns(ImageNote, match="no stain contrast .*: passed unchanged"):
            assert np.array_equal(preprocessor.apply(field), field), name


def test_black_areas_neither_count_nor_change(draw_smear: Draw) -> None:
    """Behind an aperture, black stays black and the smear is matched to what the template shows of one."""
    image = draw_smear(3)
    framed = np.zeros((100, 120, 3), np.uint8)
    framed[18:82, 20 : 20 + image.shape[1]] = image
    for template in (image, framed):
        result = fitted(template).apply(framed)
        assert (result[framed.max(axis=2) == 0] == 0).all()
        # The rim of the smear counts as black, so that histograms differ a little.
        assert np.abs(result.astype(int) - framed).mean() < 3


def test_template_file_gives_the_pixels_of_a_fit_on_it(draw_smear: Draw, tmp_path: Path) -> None:
    """A file and a training part of that one image are the same template."""
    template, image = draw_smear(0), draw_smear(1)
    path = tmp_path / "t.png"
    path.write_bytes(cv2.imencode(".png", template[..., ::-1])[1].tobytes())
    by_file = HistogramMatch.create(template_file=path)
    assert np.array_equal(by_file.apply(image), fitted(template).apply(image))
    assert len(by_file.fingerprint()) == 64


def test_restored_state_gives_the_same_pixels(draw_smear: Draw) -> None:
    """What ``state`` returns is all that ``apply`` needs."""
    first = fitted(*(draw_smear(seed) for seed in range(3)))
    second = HistogramMatch()
    second.restore(first.state())
    assert np.array_equal(first.apply(draw_smear(9)), second.apply(draw_smear(9)))


def test_matching_needs_a_template() -> None:
    """Nothing fitted, nothing to fit on, and a contradiction in the parameters each say so."""
    with pytest.raises(PluginError, match="applied before it was fitted"):
        HistogramMatch().apply(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="histogram_match was given no image"):
        HistogramMatch().fit([])
    with pytest.raises(ValidationError, match="needs the image's path in `template_file`"):
        HistogramMatch.create(template="file")
