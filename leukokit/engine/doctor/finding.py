"""What one look at the machine gave."""

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
    """One thing that was looked at.

    Attributes
    ----------
    area : str
        Such as ``packages`` or ``cache``.
    level : Level
    text : str
        What is there.
    hint : str
        What to do; empty where nothing is to be done.
    """

    area: str
    level: Level
    text: str
    hint: str = ""
