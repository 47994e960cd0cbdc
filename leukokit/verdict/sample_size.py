"""How many test images an interval of use needs."""

from __future__ import annotations

from leukokit.evaluation.intervals import EXACT_BELOW, clopper_pearson, wilson

USEFUL_WIDTH = 0.20
"""Widest 95 % interval of an accuracy that is of use: about 10 percentage points to each side."""

_NORMAL = 1.959963984540054
_MOST = 10_000


def needed_images(share: float, width: float = USEFUL_WIDTH) -> int:
    """Give the number of independent images from which the 95 % interval is at most ``width`` wide.

    Parameters
    ----------
    share : float
        Accuracy that is expected, 0..1.
    width : float
        Widest interval that is of use, above 0.

    Notes
    -----
    The interval is that of :func:`leukokit.evaluation.intervals.proportion` for independent images.
    """
    return next((n for n in range(1, _MOST) if _width(share, n) <= width), _MOST)


def needed_groups(groups: int, found: float, width: float = USEFUL_WIDTH) -> int:
    """Give about how many groups are needed where ``groups`` gave an interval ``found`` wide.

    The width of an interval falls with the square root of the number of groups.
    """
    return max(groups + 1, -int(-groups * (found / width) ** 2 // 1))


def _width(share: float, n: int) -> float:
    low, high = clopper_pearson(share * n, n) if n < EXACT_BELOW else wilson(share, n, _NORMAL)
    return high - low
