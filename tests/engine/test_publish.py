"""What is said of notes on images."""

from __future__ import annotations

from leukokit.engine.publish import note_lines


def test_notes_are_counted_and_the_most_frequent_said() -> None:
    """A note is said once with its number of images; more than three kinds are only counted."""
    notes = {"a": ("dark", "dark", "wide"), "b": ("dark",), "c": ("tall",), "d": ("odd", "tall")}
    assert note_lines({"a": ("dark",)}) == ["note: dark (1 image)", "note: journal.jsonl says which images"]
    assert note_lines(notes) == [
        "note: dark (2 images)",
        "note: tall (2 images)",
        "note: wide (1 image)",
        "note: 1 more; journal.jsonl has all and says which images",
    ]
