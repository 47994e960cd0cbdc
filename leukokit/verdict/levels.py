"""The levels of a verdict and their order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leukokit.record.verdict import VerdictLevel

TRUST: Final = "trust"
DOUBT: Final = "doubt"
CANNOT_TELL: Final = "cannot tell"
DO_NOT_TRUST: Final = "do not trust"

ORDER: tuple[VerdictLevel, ...] = (TRUST, DOUBT, CANNOT_TELL, DO_NOT_TRUST)
"""From the best to the most serious. A known fault is told before an open question."""

USE: dict[VerdictLevel, int] = {TRUST: 2, DOUBT: 1, CANNOT_TELL: 0, DO_NOT_TRUST: 0}
"""How far a score may be used. With less evidence it never rises: the last two both mean not at all."""


def most_serious(levels: Iterable[VerdictLevel]) -> VerdictLevel:
    """Give the most serious of several levels; ``cannot tell`` for none: nothing speaks for the score."""
    return max(levels, key=ORDER.index, default=CANNOT_TELL)
