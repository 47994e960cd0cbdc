"""Scale of an image: what is known, and what is not said."""

from __future__ import annotations

import math

import pytest

from leukokit.api import RED_CELL_UM, UNKNOWN_SCALE, Scale, ScaleSource


def test_a_pixel_size_comes_back_as_given() -> None:
    """What the recipe says of a pixel is what lengths are told in."""
    scale = Scale.of_pixel_size(0.25)
    assert scale.red_cell_px == RED_CELL_UM / 0.25
    assert scale.um_per_px == 0.25
    assert scale.known


@pytest.mark.parametrize(
    "scale", [UNKNOWN_SCALE, Scale(30.0, 0.15, ScaleSource.NUCLEUS), Scale(30.0, 0.07, ScaleSource.RED_CELLS)]
)
def test_an_unknown_scale_gives_no_length(scale: Scale) -> None:
    """A guess from nuclei, or from few red cells, is good enough to segment, not to report in um."""
    assert not scale.known
    assert math.isnan(scale.um_per_px)


def test_a_resized_image_has_smaller_pixels() -> None:
    """Twice as many px across a red cell means half the um a px."""
    scale = Scale(20.0, 0.8, ScaleSource.RED_CELLS)
    assert scale.resized(2.0).red_cell_px == 40.0
    assert scale.resized(2.0).um_per_px == scale.um_per_px / 2
