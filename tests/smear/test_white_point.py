"""The color of glass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leukokit.api import read_image
from leukokit.api.smear import white_point
from tests.smear.drawn_smear import GLASS_COLOR, drawn_smear


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.8, 0.82, 0.79), (1.05, 0.95, 0.85), (1.05, 1.05, 0.6)])
def test_the_glass_of_a_smear_is_found_whatever_its_tint(light: tuple[float, float, float]) -> None:
    """White, gray, beige and yellow light: the white point is the glass, within noise."""
    image = np.clip(drawn_smear((200, 260), 26) * np.array(light), 0, 255).astype(np.uint8)
    white = white_point(image)
    assert white is not None
    assert white == pytest.approx(np.minimum(np.array(GLASS_COLOR) * light, 255), abs=3)


def test_a_white_label_does_not_stand_for_glass() -> None:
    """A scale bar's label, brighter than the glass and small, is no peak of its own."""
    image = np.clip(drawn_smear((240, 240), 26) * 0.8, 0, 255).astype(np.uint8)
    image[220:234, 200:236] = 255
    white = white_point(image)
    assert white is not None
    assert white == pytest.approx(np.array(GLASS_COLOR) * 0.8, abs=3)


def test_black_does_not_count() -> None:
    """An aperture that blackens most of the image leaves its glass to be found."""
    image = drawn_smear((240, 240), 26)
    image[:150] = 0
    white = white_point(image)
    assert white is not None
    assert white == pytest.approx(GLASS_COLOR, abs=3)


@pytest.mark.parametrize("color", [(110, 60, 150), (214, 168, 198), (0, 0, 0)])
def test_where_no_glass_is_in_view_there_is_none(color: tuple[int, int, int]) -> None:
    """Inside a nucleus, a purple cytoplasm or black, nothing shows the light."""
    assert white_point(np.full((60, 60, 3), color, np.uint8)) is None


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "darkest"), [("bccd/images", (180, 185, 175)), ("pbc-boxes/images", (245, 215, 190))]
)
def test_real_glass_is_that_of_its_lab(data_root: Path, folder: str, darkest: tuple[int, int, int]) -> None:
    """BCCD's glass is gray, Barcelona's is beige: every image of a lab is close to the others."""
    white = [white_point(read_image(path)) for path in sorted((data_root / folder).iterdir())[::8]]
    whites = np.array([white for white in white if white is not None])
    assert len(whites) == len(white)
    assert (whites >= darkest).all()
    assert np.ptp(whites, axis=0).max() < 35
