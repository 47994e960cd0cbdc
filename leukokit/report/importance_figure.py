"""The figure of an explainer's table: which features the model leans on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png
from leukokit.report.importance_bars import BarLook, Importance, draw_importances

_BARS = 20
_LOOK = BarLook(bar=PALETTE[0], ink=INK, muted=MUTED, size=8, longest=40)


def importance_figure(table: pd.DataFrame, path: Path, *, title: str, stamp: str | None = None) -> None:
    """Draw the most important features as bars, with the spread over repeats as whiskers.

    Parameters
    ----------
    table : DataFrame
        Columns ``feature``, ``importance_mean`` and ``importance_std``, the most important first. A table of
        another form is not drawn: an explainer may give other numbers.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    stamp : str, optional
        Drawn as a band across the top.
    """
    if not is_importance(table):
        return
    rows = importances(table, _BARS)
    height = 0.26 * len(rows) + 1.3 + (0.34 if stamp else 0.0)
    figure = new_figure(7.2, height)
    axes = figure.subplots()
    draw_importances(axes, rows, _LOOK, "loss of score when shuffled (lines: spread of repeats)")
    axes.spines["bottom"].set_color(MUTED)
    shown = title + (f" ({len(rows)} of {len(table)} features)" if len(table) > len(rows) else "")
    bottom, top = reserve(figure, stamp)
    figure.subplots_adjust(left=0.38, right=0.97, bottom=bottom + 0.46 / height, top=top - 0.42 / height)
    literal(figure.text(0.02, top - 0.1 / height, plain(shown), fontsize=11.5, color=INK, va="top"))
    save_png(figure, path, stamp)


def is_importance(table: pd.DataFrame) -> bool:
    """Whether a table of an explainer holds importances; explainers may give other numbers."""
    return set(table.columns) >= {"feature", "importance_mean", "importance_std"} and not table.empty


def importances(table: pd.DataFrame, most: int) -> list[Importance]:
    """Take the first rows of such a table; a number that a CSV file leaves empty is NaN."""
    first = table.head(most)
    means = pd.to_numeric(first["importance_mean"], errors="coerce")
    spreads = pd.to_numeric(first["importance_std"], errors="coerce")
    return [
        Importance(str(feature), float(mean), float(spread))
        for feature, mean, spread in zip(first["feature"], means, spreads, strict=True)
    ]
