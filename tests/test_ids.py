"""Ids read the same wherever they are written."""

from __future__ import annotations

import os

import pytest

from leukokit.ids import utf8, written_id


@pytest.mark.parametrize("name", ["a.png", "Früh/ä b.png", "日本", "a\\udcff"])
def test_text_stays_as_it_is(name: str) -> None:
    assert written_id(name) == name
    assert utf8(name).decode() == name


def test_bytes_that_are_no_text_are_written_by_their_codes() -> None:
    assert written_id(os.fsdecode(b"a\xff.png")) == "a\\udcff.png"
