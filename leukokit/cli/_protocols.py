"""The protocols of a run side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from leukokit.cli._terminal import safe


def protocols_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Lay out test scores of every protocol and how each differs from the first."""
    table = Table(box=box.SIMPLE, title="protocols (test part)", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("n", "accuracy", "vs first"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("how images are parted", overflow="fold")
    for row in rows:
        test = row["test"]
        if test is None:
            table.add_row(safe(row["name"]), "-", "-", "-", safe(row["error"] or "no test part"))
            continue
        interval = test["intervals"]["accuracy"]
        bounds = "" if interval["low"] is None else f" [{interval['low']:.3f}, {interval['high']:.3f}]"
        drop = (row["drop"] or {}).get("accuracy")
        table.add_row(
            safe(row["name"]),
            str(test["n"]),
            f"{test['accuracy']:.3f}{bounds}",
            "" if drop is None else f"{-drop:+.3f}",
            safe(row["description"]),
        )
    return table
