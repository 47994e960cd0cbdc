"""Where the pictures of an overlay sheet lie and what stands below them, kept in its PNG file.

A page is narrower than the sheet: the report cuts the pictures out and sets the words itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom, in px of the sheet."""

KEY = "leukokit-panels"
"""Name of the text chunk."""


@dataclass(frozen=True, slots=True)
class SheetPanel:
    """One picture of a sheet.

    Attributes
    ----------
    box : Box
    row : int
    reason, found, caption : str
        Why it is shown, what was found in it, and its id.
    failed : bool
        True where nothing was measured in it.
    """

    box: Box
    row: int
    reason: str
    found: str
    caption: str
    failed: bool


@dataclass(frozen=True, slots=True)
class SheetPanels:
    """All pictures of a sheet, and its legend.

    Attributes
    ----------
    legend : Box or None
        None where no role is drawn.
    roles : sequence of str
        Names in the legend.
    """

    panels: Sequence[SheetPanel]
    legend: Box | None
    roles: Sequence[str]

    def text(self) -> str:
        """ASCII JSON."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def of_text(cls, text: str) -> SheetPanels | None:
        """Read it back; None where it has another form."""
        try:
            raw = json.loads(text)
            panels = [SheetPanel(**{**panel, "box": _box(panel["box"])}) for panel in raw["panels"]]
            legend = None if raw["legend"] is None else _box(raw["legend"])
            return cls(panels, legend, [str(role) for role in raw["roles"]])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None


def _box(numbers: Sequence[int]) -> Box:
    left, top, right, bottom = (int(number) for number in numbers)
    return left, top, right, bottom
