"""What a run says at its end of segmentations that are of no use."""

from __future__ import annotations

from leukokit.api import Status
from leukokit.cli._summary import segmentation_failures


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
