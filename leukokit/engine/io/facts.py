"""A few facts under a title, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from leukokit.ids import written_id


@dataclass(frozen=True)
class Facts:
    """What the ``repr`` of a large object says.

    Attributes
    ----------
    title : str
    rows : sequence of (name, value)
    """

    title: str
    rows: Sequence[tuple[str, str]]

    def text(self) -> str:
        """Give a line a fact."""
        width = max((len(name) for name, _ in self.rows), default=0)
        return written_id(
            "\n".join([self.title, *(f"  {name:<{width}}  {value}" for name, value in self.rows)])
        )

    def html(self) -> str:
        """Give a small table."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in self.rows
        )
        return f"<table><caption style='text-align:left'>{escape(self.title)}</caption>{rows}</table>"
