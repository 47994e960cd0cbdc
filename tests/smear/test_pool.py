"""One scale of several images."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.api import UNKNOWN_SCALE, Scale, ScaleSource
from leukokit.smear.pool import pool, snapped

scales = st.builds(
    Scale,
    st.floats(4.0, 200.0),
    st.floats(0.0, 1.0),
    st.sampled_from([ScaleSource.RED_CELLS, ScaleSource.NUCLEUS]),
)


def red(px: float, confidence: float = 0.8) -> Scale:
    return Scale(px, confidence, ScaleSource.RED_CELLS)


def test_images_that_agree_give_their_scale_with_their_confidence() -> None:
    pooled = pool([red(24.0, 0.6), red(25.0, 0.8), red(24.5, 0.7)])
    assert pooled.scale.red_cell_px == pytest.approx(24.5, rel=0.005)
    assert pooled.scale.confidence == pytest.approx(0.7)
    assert pooled.scale.source is ScaleSource.RED_CELLS
    assert pooled.agreed


def test_an_image_that_is_far_off_moves_nothing() -> None:
    """The median, not the mean."""
    without, pooled = pool([red(24.0)] * 8), pool([red(24.0)] * 8 + [red(90.0)])
    assert pooled.scale.red_cell_px == without.scale.red_cell_px
    assert pooled.scale.confidence < without.scale.confidence


def test_images_at_two_scales_agree_on_none() -> None:
    """Nothing is handed to an image of which it is not known to which half it belongs."""
    assert not pool([red(20.0)] * 5 + [red(40.0)] * 5).agreed


def test_two_images_are_too_few_to_speak_for_a_third() -> None:
    assert not pool([red(24.0), red(24.0)]).agreed


@pytest.mark.parametrize(
    "weak", [[], [UNKNOWN_SCALE], [red(30.0, 0.19)], [Scale(30.0, 0.9, ScaleSource.NUCLEUS)]]
)
def test_without_sure_images_nothing_is_known(weak: list[Scale]) -> None:
    """A guess from nuclei never becomes a measured scale, whatever it is pooled with."""
    pooled = pool(weak)
    assert pooled.scale == UNKNOWN_SCALE or math.isnan(pooled.scale.red_cell_px)
    assert pooled.sure == 0
    assert not pooled.agreed


def test_images_without_red_cells_lower_the_confidence() -> None:
    assert pool([red(24.0)] * 3 + [UNKNOWN_SCALE] * 3).scale.confidence == pytest.approx(0.4)


@given(st.lists(scales, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_images_does_not_matter(measured: list[Scale], random: object) -> None:
    """To the last bit: keys of cached results depend on it."""
    shuffled = list(measured)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = pool(measured), pool(shuffled)
    assert repr(first) == repr(second)


@given(scales)
def test_the_grid_is_finer_than_measuring_and_stays_where_it_is(scale: Scale) -> None:
    """Off by a quarter percent at most; snapping twice changes nothing."""
    once = snapped(scale)
    assert abs(once.red_cell_px / scale.red_cell_px - 1) < 0.003
    assert snapped(once) == once


@given(st.floats(8.0, 200.0), st.floats(-1e-9, 1e-9))
def test_noise_of_floats_seldom_moves_it_and_never_by_more_than_one_step(px: float, noise: float) -> None:
    first, second = (snapped(red(px * factor)).red_cell_px for factor in (1.0, 1.0 + noise))
    assert abs(math.log(first / second)) < 0.0051
