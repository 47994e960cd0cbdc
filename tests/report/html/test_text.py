"""Numbers as people read them, and text that cannot harm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.report.html.text import known, percent, points, short, unit, visible


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9625, "96.3%"),
        (1.0, "100.0%"),
        (0.99996, "99.9%"),
        (0.0, "0.0%"),
        (0.0001, "<0.1%"),
        (-0.051, "\N{MINUS SIGN}5.1%"),
        (None, "\N{EN DASH}"),
        (float("nan"), "\N{EN DASH}"),
    ],
)
def test_percent(value: object, shown: str) -> None:
    """Half is rounded up, and what is not all or nothing never reads as such."""
    assert percent(value) == shown


def test_units_and_points() -> None:
    """Scores keep three digits and never round up to 1; differences carry their sign."""
    assert (unit(0.99987), unit(1.0), unit(0.5)) == ("0.999", "1.000", "0.500")
    assert (points(-0.051), points(0.02), points(0.0)) == ("\N{MINUS SIGN}5.1", "+2.0", "0.0")
    assert (short(3256), short(0.123456), short(True), short(None)) == (
        "3,256",
        "0.123",
        "true",
        "\N{EN DASH}",
    )


@given(st.floats(0, 1))
def test_a_percentage_is_within_its_rounding(value: float) -> None:
    """What is shown lies at most one step away from the number."""
    shown = percent(value)
    number = 0.05 if shown.startswith("<") else float(shown.removesuffix("%"))
    assert abs(number - value * 100) <= 0.1


@given(st.text(alphabet=st.characters(codec=None)))
def test_visible_text_can_be_written_and_cannot_turn_text_around(text: str) -> None:
    """Whatever comes in, what goes out is UTF-8 without control characters and direction marks."""
    shown = visible(text)
    shown.encode("utf-8")
    assert not [c for c in shown if c in "\u202e\u2066\u200f\x1b\x00" or "\ud800" <= c <= "\udfff"]


def test_booleans_and_text_are_no_numbers() -> None:
    """Only finite numbers are known."""
    assert known(True) is None
    assert known("1") is None
    assert known(math.inf) is None
    assert known(1) == 1.0
