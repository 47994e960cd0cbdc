"""A number with its interval, and small tables of such: what all sections pass to the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leukokit.record.scores import Interval, Measured, ProtocolScores
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
    reason : str
        Why there is no interval; empty where there is one, or nobody says.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "percent"
    reason: str = ""

    @classmethod
    def between(
        cls, value: float | None, low: float | None, high: float | None, kind: str = "percent"
    ) -> Estimate:
        """Take a number and the ends of its interval, which has both ends or none."""
        if low is None or high is None:
            low = high = None
        return cls(known(value), known(low), known(high), kind)

    @classmethod
    def of(cls, value: float | None, interval: Interval | None = None, kind: str = "percent") -> Estimate:
        """Take a number and its interval."""
        if interval is None:
            return cls(known(value), kind=kind)
        if interval.reason is not None:
            return cls(known(value), kind=kind, reason=interval.reason)
        return cls.between(value, interval.low, interval.high, kind)

    @classmethod
    def measured(cls, measured: Measured | None, kind: str = "percent") -> Estimate:
        """Take a number that stands beside its interval."""
        return cls.of(None if measured is None else measured.value, measured, kind)

    @property
    def text(self) -> str:
        """The number alone."""
        return self._shown(self.value)

    @property
    def interval(self) -> str:
        """The interval alone, or that it cannot be told; empty where there is none."""
        if self.low is None or self.high is None:
            return "interval: cannot tell" if self.reason else ""
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
class HtmlTable:
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
    table: HtmlTable
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one part or protocol."""

    name: str
    n: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, scores: ProtocolScores | None) -> Scores:
        """Take the scores of a part; None for a protocol without any."""
        if scores is None:
            return cls(name, 0, {"accuracy": Estimate(None), "macro_f1": Estimate(None, kind="unit")})
        estimates = {
            key: estimate_of(scores, key, kind)
            for key, _, kind in SCORES
            if scores.of(key) is not None or key in ("accuracy", "macro_f1")
        }
        return cls(name, scores.n, estimates)


def estimate_of(scores: ProtocolScores, score: str, kind: str = "percent") -> Estimate:
    """Give one score of a part by its name, with its interval."""
    interval = None if scores.intervals is None else scores.intervals.of(score)
    return Estimate.of(scores.of(score), interval, kind)


def number(value: object, kind: str = "percent") -> Cell:
    """Right-aligned cell of a share or score."""
    number_ = known(value)
    text = {"percent": percent, "unit": unit, "points": points}[kind](number_)
    return Cell(text, number_, align="right")


def count(value: object) -> Cell:
    """Right-aligned cell of a count."""
    number_ = known(value)
    return Cell("\N{EN DASH}" if number_ is None else f"{number_:,.0f}", number_, align="right")


def estimated(value: Estimate) -> Cell:
    """Right-aligned cell of a number, its interval below it."""
    return Cell(value.text, value.value, value.interval, align="right")
