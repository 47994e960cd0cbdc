"""Numbers and counts in words, the same in the terminal, in the verdict and in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable

NOTHING = "\N{EN DASH}"
"""Stands where a run cannot tell a number."""

MINUS = "\N{MINUS SIGN}"


def known(value: object) -> float | None:
    """Take a number from JSON or a table; None for null, text and NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def percent(value: object, digits: int = 1) -> str:
    """``0.9625`` as ``96.3%``; a share that is not quite all or nothing never reads as such."""
    number = known(value)
    if number is None:
        return NOTHING
    # Half up, as people round: 0.9625 is 96.3%, not the 96.2% of Python's rounding to even.
    scale = 10**digits
    shown = math.floor(abs(number) * 100 * scale + 0.5 + 1e-9) / scale
    if shown >= 100 and abs(number) < 1:
        shown = 100 - 1 / scale
    if shown == 0 and number != 0:
        return f"<{1 / scale:g}%"
    return f"{MINUS if number < 0 else ''}{shown:.{digits}f}%"


def percent_range(low: object, high: object) -> str:
    """``(0.874, 0.987)`` as ``87.4 to 98.7%``."""
    return f"{percent(low).removesuffix('%')} to {percent(high)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 image``, ``3,256 images``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counted_were(number: int, one: str) -> str:
    """``1 image was``, ``3,256 images were``."""
    return f"{counted(number, one)} {'was' if number == 1 else 'were'}"


def joined(names: Iterable[object], word: str = "or") -> str:
    """Say ``a, b or c``."""
    *first, last = [str(name) for name in names] or [""]
    return f"{', '.join(first)} {word} {last}" if first else last
