"""Notes on an image: warnings in Python, kept in a run."""

from __future__ import annotations

import threading
import warnings

import pytest

from leukokit.api import ImageNote, note
from leukokit.api.notes import kept_notes


def test_called_from_python_a_note_is_a_warning() -> None:
    with pytest.warns(ImageNote, match="no contrast"):
        note("no contrast")


def test_inside_a_run_notes_are_kept_and_other_warnings_pass() -> None:
    """Only notes are taken; what another library warns of is still seen."""

    def work() -> list[str]:
        with kept_notes() as notes:
            note("no contrast")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            note("turned")
        return notes

    with pytest.warns(DeprecationWarning, match="old") as seen:
        notes = work()
    assert notes == ["no contrast", "turned"]
    assert len(seen) == 1


def test_afterwards_and_in_other_threads_notes_are_warnings_again() -> None:
    """Two images in two threads do not get each other's notes."""
    seen: list[str] = []

    def elsewhere() -> None:
        with kept_notes() as own:
            note("elsewhere")
            seen.extend(own)

    with kept_notes() as notes:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert (notes, seen) == ([], ["elsewhere"])
    with pytest.warns(ImageNote):
        note("later")
