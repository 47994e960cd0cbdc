"""What a run says at its end of its segmentation."""

from __future__ import annotations

from rich.console import Console

from leukokit.api import Status
from leukokit.cli._summary import object_table, segmentation_failures


def test_segmentations_of_no_use_are_counted_by_reason() -> None:
    """One line in words, each reason that occurs with its count."""
    status = {"a": Status.OK, "b": Status.IMPLAUSIBLE, "c": Status.NO_CELL, "d": Status.IMPLAUSIBLE}
    line = segmentation_failures(status)
    assert line is not None
    assert line.startswith("segmentation failed in 3 of 4 images (75.0%): ")
    assert "no white cell found in 1" in line
    assert "implausible in 2" in line


def test_nothing_is_said_where_all_is_well() -> None:
    """Neither of good segmentations nor of recipes without any."""
    assert segmentation_failures({"a": Status.OK}) is None
    assert segmentation_failures({}) is None


def test_objects_have_a_table_where_there_are_any() -> None:
    """Counts, precision, recall and F1 of each role; no table for masks without objects."""
    nucleus = {"objects_true": 8.0, "objects_found": 10.0, "precision": 0.7, "recall": 0.875, "f1": 7 / 9}
    table = object_table({"nucleus": nucleus, "cell": {"f1": None}})
    assert table is not None
    console = Console(width=80)
    with console.capture() as captured:
        console.print(table)
    assert "nucleus 8 10 0.700 0.875 0.778" in " ".join(captured.get().split())
    assert "cell" not in captured.get()
    assert object_table({"cell": {"f1": None}}) is None
