"""The result of one examination."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined.

    Attributes
    ----------
    area : str
        Such as ``packages`` or ``cache``.
    level : Level
    text : str
        What was found.
    hint : str
        What to do; empty where nothing is to be done.
    """

    area: str
    level: Level
    text: str
    hint: str = ""

    def plain(self) -> dict[str, str]:
        """Give plain values, ready for JSON."""
        return {"area": self.area, "level": self.level.value, "text": self.text, "hint": self.hint}
