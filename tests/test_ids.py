"""Text from outside reads the same wherever it is written, and harms no table, terminal or spreadsheet."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.ids import csv_cell, from_csv_cell, utf8, written_id

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize("name", ["a.png", "Früh/ä b.png", "日本", "a\\udcff", "two\nlines", "a\tb"])
def test_text_stays_as_it_is(name: str) -> None:
    assert written_id(name) == name
    assert utf8(name).decode() == name


def test_bytes_that_are_no_text_are_written_by_their_codes() -> None:
    assert written_id(os.fsdecode(b"a\xff.png")) == "a\\udcff.png"


def test_characters_that_control_a_terminal_or_turn_text_around_are_written_by_their_codes() -> None:
    assert written_id("\x1b[2Ja\u202eb") == "\\x1b[2Ja\\u202eb"


@given(ANY_TEXT)
def test_written_text_is_utf8_and_stays_as_it_is(text: str) -> None:
    assert written_id(text).encode().decode() == written_id(text)
    assert written_id(written_id(text)) == written_id(text)


@given(st.from_regex(r"'{0,3}[=+\-@]?.{0,5}", fullmatch=True))
def test_a_cell_of_a_table_is_no_formula_and_reads_back(text: str) -> None:
    cell = csv_cell(text)
    assert from_csv_cell(cell) == text
    assert len(cell) < 2 or cell[0] not in "=+-@"
