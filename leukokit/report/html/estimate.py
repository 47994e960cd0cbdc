"""A number with its interval, and small tables of such: what all sections pass to the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leukokit.report.html.text import known, percent, points, unit

SCORES = (
    ("accuracy", "Accuracy", "percent"),
    ("macro_f1", "Macro F1", "unit"),
    ("auc_ovo", "AUC, one-vs-one", "unit"),
    ("auc_ovr", "AUC, one-vs-rest", "unit"),
    ("macro_precision", "Macro precision", "percent"),
    ("macro_recall", "Macro recall", "percent"),
)
"""Key in ``metrics.json``, words, and how it is shown."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number as a page shows it.

    Attributes
    ----------
    value : float or None
        None where the run cannot tell.
    low, high : float or None
        Interval.
    kind : str
        ``percent`` or ``unit``.
    method : str
        How the interval was made; empty where that is not known.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "percent"
    method: str = ""

    @classmethod
    def of(cls, value: object, interval: object = None, kind: str = "percent") -> Estimate:
        """Take a number and a mapping with ``low``, ``high`` and perhaps ``method``."""
        facts = interval if isinstance(interval, Mapping) else {}
        low, high = known(facts.get("low")), known(facts.get("high"))
        if low is None or high is None:
            low = high = None
        return cls(known(value), low, high, kind, str(facts.get("method") or ""))

    @classmethod
    def inside(cls, facts: object, kind: str = "percent") -> Estimate:
        """Take a mapping that holds ``value`` beside ``low`` and ``high``."""
        facts = facts if isinstance(facts, Mapping) else {}
        return cls.of(facts.get("value"), facts, kind)

    @property
    def text(self) -> str:
        """The number alone."""
        return self._shown(self.value)

    @property
    def interval(self) -> str:
        """The interval alone; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self._shown(self.low).removesuffix('%')} to {self._shown(self.high)}"

    @property
    def both(self) -> str:
        """``96.3% (94.1 to 98.0%)``."""
        return f"{self.text} ({self.interval})" if self.interval else self.text

    def _shown(self, value: float | None) -> str:
        return percent(value) if self.kind == "percent" else unit(value)


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of a table with what it is sorted by."""

    text: str
    sort: float | str | None = None
    note: str = ""
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table: the numbers behind a figure, or what a component gave.

    Attributes
    ----------
    columns : sequence of str
    rows : sequence of sequences of Cell
    caption : str
    foot : sequence of Cell
        A last row of sums, which sorting leaves where it is.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    foot: Sequence[Cell] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure with its numbers.

    Attributes
    ----------
    svg : Markup
        The ``svg`` element, already safe.
    title : str
        Shown above it.
    note : str
        Shown below it.
    """

    svg: Any
    title: str
    table: Table
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one part or protocol."""

    name: str
    n: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, facts: Mapping[str, Any]) -> Scores:
        """Read them from ``metrics.json``."""
        intervals = facts.get("intervals") or {}
        found = {
            key: Estimate.of(facts.get(key), intervals.get(key), kind)
            for key, _, kind in SCORES
            if known(facts.get(key)) is not None or key in ("accuracy", "macro_f1")
        }
        return cls(name, int(facts.get("n") or 0), found)


def number(value: object, kind: str = "percent") -> Cell:
    """Right-aligned cell of a share or score."""
    found = known(value)
    text = {"percent": percent, "unit": unit, "points": points}[kind](found)
    return Cell(text, found, align="right")


def count(value: object) -> Cell:
    """Right-aligned cell of a count."""
    found = known(value)
    return Cell("\N{EN DASH}" if found is None else f"{found:,.0f}", found, align="right")


def estimated(value: Estimate) -> Cell:
    """Right-aligned cell of a number, its interval below it."""
    return Cell(value.text, value.value, value.interval, align="right")
