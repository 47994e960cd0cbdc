"""Text in figures fits its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from leukokit.report._canvas import new_figure, save_png
from leukokit.report._fitted_text import elided, text_width, wrapped
from leukokit.report.html.svg import new_plot, svg_of


def test_short_text_stays_as_it_is() -> None:
    """Nothing is left out without need."""
    figure = new_figure(4, 1)
    assert elided(figure, "Benign/1.jpg", 2.5, size=7) == "Benign/1.jpg"
    assert wrapped(figure, "2 white cells", 2.5, size=7) == ["2 white cells"]
    assert wrapped(figure, "", 2.5, size=7) == []


@pytest.mark.parametrize("name", ["a/very/long/folder/" * 6 + "image-0042.jpg", "W" * 300, "$x$" * 80])
def test_long_names_lose_their_middle_only(name: str) -> None:
    """Beginning and end are kept, and the line fits."""
    figure = new_figure(4, 1)
    shown = elided(figure, name, 2.5, size=7)
    assert text_width(figure, shown, size=7) <= 2.5
    first, last = shown.split("\N{HORIZONTAL ELLIPSIS}")
    assert name.startswith(first)
    assert name.endswith(last)
    assert len(first) >= len(last) > 8


def test_sentences_are_broken_between_words() -> None:
    """Every line fits; with more than three lines the rest loses its middle."""
    figure = new_figure(4, 1)
    text = "implausible: what is outlined is not stained like nuclei"
    lines = wrapped(figure, text, 1.6, size=7.5, bold=True)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(text_width(figure, line, size=7.5, bold=True) <= 1.6 for line in lines)
    assert len(wrapped(figure, text * 9, 1.6, size=7.5)) == 3
    assert text_width(figure, wrapped(figure, "W" * 99, 1.6, size=7.5)[0], size=7.5) <= 1.6


@pytest.mark.filterwarnings("error")
def test_letters_of_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    """Names in Chinese or emoji: boxes where no font has them, and a quiet terminal."""
    figure = new_figure(4, 1)
    name = "\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{CJK UNIFIED IDEOGRAPH-6587} \N{MICROSCOPE}"
    assert text_width(figure, name, size=7) > 0
    figure.text(0, 0.5, name)
    save_png(figure, tmp_path / "figure.png", name)
    assert (tmp_path / "figure.png").exists()
    plot = new_plot(200, 100)
    plot.text(0, 0.5, name)
    assert name in svg_of(plot, "plot", title=name, description=name)
