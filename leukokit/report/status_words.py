"""How a segmentation ended, in words."""

from __future__ import annotations

from leukokit.api import Status

_WORDS = {
    Status.NO_CELL: "no white cell found",
    Status.ALL_TOUCH_BORDER: "all cells touch the border: none measured",
    Status.IMPLAUSIBLE: "implausible: what is outlined is not stained like nuclei",
}

SHORT_WORDS = {
    Status.OK: "white cells found",
    Status.NO_CELL: "no white cell found",
    Status.ALL_TOUCH_BORDER: "all cells touch the border",
    Status.IMPLAUSIBLE: "implausible",
}
"""For headings of tables."""


def status_words(status: Status, count: int) -> str:
    """Say what was found in one image: ``2 white cells``, ``no white cell found``.

    Parameters
    ----------
    status : Status
    count : int
        White cells that are labeled; told where the status is ``ok``.
    """
    if status is Status.OK:
        return f"{count:,} white cell{'' if count == 1 else 's'}"
    return _WORDS[status]
