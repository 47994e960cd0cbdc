"""Scale bars: a round length that fits, or words where the scale is not known."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.api import CELL, UNKNOWN_SCALE, Labels, Scale, ScaleSource
from leukokit.report._canvas import new_figure
from leukokit.report.scale_bar import bar_length, draw_scale_bar


def drawn(scale: Scale, cell: np.ndarray) -> tuple[list[str], list[np.ndarray]]:
    """Words and ends of the bars on a picture."""
    axes = new_figure(2, 2).add_axes((0, 0, 1, 1))
    height, width = cell.shape
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    draw_scale_bar(axes, scale, Labels({CELL: cell}))
    return [text.get_text() for text in axes.texts], [np.asarray(line.get_xdata()) for line in axes.lines]


@pytest.mark.parametrize(
    ("um_per_px", "width", "length"),
    [(0.15, 120, 5), (0.3, 224, 20), (0.07, 360, 5), (0.08, 640, 10), (0.12, 2592, 100), (0.5, 8, 1)],
)
def test_the_bar_is_round_and_fits(um_per_px: float, width: int, length: int) -> None:
    """The longest round length that takes at most a third of the picture."""
    assert bar_length(Scale.of_pixel_size(um_per_px), width) == length


def test_the_bar_is_as_long_as_it_says() -> None:
    """In px of the picture."""
    words, lines = drawn(Scale.of_pixel_size(0.25), np.zeros((200, 200), np.int32))
    assert words == ["10 \N{MICRO SIGN}m"]
    assert np.ptp(lines[0]) == pytest.approx(40)


@pytest.mark.parametrize("scale", [UNKNOWN_SCALE, Scale(20.0, 0.5, ScaleSource.NUCLEUS)])
def test_what_is_not_known_is_said(scale: Scale) -> None:
    """A guess from nuclei is 20 to 60 % off: no bar is drawn by it."""
    assert drawn(scale, np.zeros((50, 50), np.int32)) == (["scale unknown"], [])


def test_the_bar_makes_way_for_a_cell() -> None:
    """A white cell in the lower right corner sends it to the left, cells in both send it up."""
    cell = np.zeros((100, 100), np.int32)
    _, (right,) = drawn(Scale.of_pixel_size(0.25), cell)
    cell[85:, 70:] = 1
    _, (left,) = drawn(Scale.of_pixel_size(0.25), cell)
    assert right.min() > 50 > left.max()
    cell[85:, :30] = 2
    _, (up,) = drawn(Scale.of_pixel_size(0.25), cell)
    assert up.min() > 50
