"""Cells of the run: how many of each kind, how large, and the N/C ratio, by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.engine.finished_run import FinishedRun
from leukokit.number_text import NOTHING, counted
from leukokit.report.html.estimate import Cell, HtmlTable, Plot, count
from leukokit.report.html.spread import Spread, spread_plot

_COLUMNS = ("label", "image", "kind", "status", "cell_diameter_um", "nc_area")
_WORDS = {"white": "white cell", "red": "red cell", "platelet": "platelet"}
_ALL = "all images"
_UM = "\N{MICRO SIGN}m"


@dataclass(frozen=True, slots=True)
class CellsOfRun:
    """What ``cells.parquet`` tells.

    Attributes
    ----------
    sentence : str
        How many cells of each kind there are.
    plots : sequence of Plot
        Diameter and N/C ratio of whole white cells by class; without those of which nothing is known.
    by_class : HtmlTable
    """

    sentence: str
    plots: Sequence[Plot]
    by_class: HtmlTable


def cells_of(run: FinishedRun) -> CellsOfRun | None:
    """Read it from a run directory; None where the run wrote no table of cells, or an empty one."""
    table = run.cells(_COLUMNS)
    if table is None or table.empty:
        return None
    table = table.assign(label=table["label"].fillna(_ALL))
    counts = table["kind"].value_counts()
    words = [counted(int(counts[kind]), word) for kind, word in _WORDS.items() if kind in counts]
    whole = table[(table["kind"] == "white") & (table["status"] == "whole")]
    plots = [
        _plot(whole, "cell_diameter_um", f"diameter, {_UM}", "White cells: diameter"),
        _plot(whole, "nc_area", "area of the nucleus over that of the cell", "White cells: N/C ratio"),
    ]
    return CellsOfRun(
        sentence=f"In {counted(table['image'].nunique(), 'image')}: {', '.join(words)}.",
        plots=[plot for plot in plots if plot is not None],
        by_class=_by_class(table),
    )


def _plot(cells: pd.DataFrame, column: str, unit: str, title: str) -> Plot | None:
    rows = []
    for label, group in cells.groupby("label", sort=True):
        values = group[column].dropna().to_numpy()
        if not len(values) or not values.min() > 0:
            continue
        low, quarter, middle, three, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]).tolist()
        rows.append(Spread(str(label), (low, quarter, middle, three, high), f"{middle:.3g}"))
    if not rows:
        return None
    said = "; ".join(f"{row.label} {row.text}" for row in rows)
    svg = spread_plot(
        rows, f"cells-{column.replace('_', '-')}", unit=unit, title=title, description=f"Medians: {said}."
    )
    note = "Whole cells only. Point: median; bar: middle half; line: 5th to 95th percentile."
    return Plot(svg, title, HtmlTable([], []), note)


def _by_class(table: pd.DataFrame) -> HtmlTable:
    rows = []
    for label, group in table.groupby("label", sort=True):
        of_kind = {kind: group[group["kind"] == kind] for kind in _WORDS}
        rows.append(
            [
                Cell(str(label), str(label)),
                count(group["image"].nunique()),
                *(count(len(cells)) for cells in of_kind.values()),
                _median(of_kind["white"], "cell_diameter_um"),
                _median(of_kind["white"], "nc_area"),
                _median(of_kind["red"], "cell_diameter_um"),
            ]
        )
    columns = ["class", "images", "white", "red", "platelets", f"white, {_UM}", "N/C", f"red, {_UM}"]
    caption = f"Cells by class: numbers, then medians of whole cells (diameters in {_UM})"
    return HtmlTable(columns, rows, caption)


def _median(cells: pd.DataFrame, column: str) -> Cell:
    value = float(cells.loc[cells["status"] == "whole", column].median())
    return (
        Cell(f"{value:.3g}", value, align="right")
        if math.isfinite(value)
        else Cell(NOTHING, None, align="right")
    )
