"""What a run says at its end of segmentations that are of no use."""

from __future__ import annotations

from leukokit.api import Status
from leukokit.cli._summary import unusable


def test_segmentations_of_no_use_are_counted_by_reason() -> None:
    """One line a reason that occurs, the worst last."""
    lines = unusable([Status.OK, Status.IMPLAUSIBLE, Status.NO_CELL, Status.IMPLAUSIBLE])
    assert lines == [
        "1 of 4 images show no cell",
        "2 of 4 images are implausible: what was taken for nuclei is not stained like nuclei",
    ]


def test_nothing_is_said_where_all_is_well() -> None:
    """Neither of good segmentations nor of recipes without any."""
    assert unusable([Status.OK]) == unusable([]) == []
