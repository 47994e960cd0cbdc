"""The numbers of one set as a table: one row a segmenter and condition, for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labs.measure import Row

TITLES: Mapping[str, str] = {
    "wbc-masks": "wbc-masks: crops of one white cell, Dice of the whole image",
    "pbc-boxes": "pbc-boxes: high magnification, white cells against boxes",
    "bccd": "bccd: whole fields, white cells against boxes",
    "rendered": "rendered smears: Dice and counts against the scene",
    "all-pbs": "all-pbs: purple blobs, and counts at other sizes",
    "empty": "pictures without a cell",
    "black": "black where there is no glass",
    "speed": "process time on one core, scale included",
}
_PLAIN = {"pictures": "{:.0f}", "ms": "{:.1f}", "images/s a core": "{:.1f}", "cells a picture": "{:.1f}"}


def frame(rows_by_method: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """Numbers as text, one row a segmenter and condition."""
    table = pd.DataFrame(
        [{"segmenter": name, **row} for name, rows in rows_by_method.items() for row in rows]
    )
    for column in table.columns[2:]:
        form = _PLAIN.get(column, "{:.3f}")
        table[column] = [("" if pd.isna(value) else form.format(value)) for value in table[column]]
    return table


def text(name: str, rows_by_method: Mapping[str, Sequence[Row]]) -> str:
    """Format one set for a terminal."""
    return f"\n{TITLES[name]}\n{frame(rows_by_method).to_string(index=False)}"


def markdown(name: str, rows_by_method: Mapping[str, Sequence[Row]]) -> str:
    """Format one set as Markdown."""
    table = frame(rows_by_method)
    lines = [f"## {TITLES[name]}", "", *(_line(row) for row in (table.columns, ["---"] * table.shape[1]))]
    lines += [_line(row) for row in table.itertuples(index=False)]
    return "\n".join([*lines, ""])


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
