"""The protocols of a run side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from leukokit.cli._terminal import safe
from leukokit.record.metrics import Protocol
from leukokit.record.scores import ProtocolScores


def protocols_table(rows: Sequence[Protocol]) -> Table:
    """Lay out test scores of every protocol and how each differs from the first."""
    table = Table(box=box.SIMPLE, title="protocols (test part)", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("n", "accuracy", "vs first"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("how images are parted", overflow="fold")
    for row in rows:
        test = row.test
        if test is None:
            table.add_row(safe(row.name), "-", "-", "-", safe(row.error or "no test part"))
            continue
        drop = None if row.drop is None else row.drop.accuracy
        table.add_row(
            safe(row.name),
            str(test.n),
            with_bounds(test, "accuracy", gap=" "),
            "" if drop is None else f"{-drop:+.3f}",
            safe(row.description),
        )
    return table


def with_bounds(scores: ProtocolScores, name: str, *, gap: str = "  ") -> str:
    """Give a score and its interval: ``0.812 [0.740, 0.880]``."""
    value = scores.of(name)
    if value is None:
        return "-"
    interval = None if scores.intervals is None else scores.intervals.of(name)
    if interval is not None and interval.reason is not None:
        return f"{value:.3f}{gap}[cannot tell]"
    if interval is None or interval.low is None or interval.high is None:
        return f"{value:.3f}"
    return f"{value:.3f}{gap}[{interval.low:.3f}, {interval.high:.3f}]"
