"""The figure of an explainer's table: which features the model leans on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png

_BARS = 20


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
    if not {"feature", "importance_mean", "importance_std"} <= set(table.columns) or table.empty:
        return
    numbers = table[["importance_mean", "importance_std"]].apply(pd.to_numeric, errors="coerce")
    top_rows = numbers.assign(feature=table["feature"]).head(_BARS)[::-1]
    height = 0.26 * len(top_rows) + 1.3 + (0.34 if stamp else 0.0)
    figure = new_figure(7.2, height)
    axes = figure.subplots()
    places = np.arange(len(top_rows))
    axes.barh(places, top_rows["importance_mean"], height=0.68, color=PALETTE[0])
    axes.errorbar(
        top_rows["importance_mean"],
        places,
        xerr=top_rows["importance_std"],
        fmt="none",
        ecolor=INK,
        elinewidth=0.8,
    )
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    axes.set_yticks(places)
    axes.set_yticklabels([plain(name) for name in top_rows["feature"]], fontsize=8, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8, color=MUTED)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.set_xlabel("loss of score when shuffled (mean and spread of repeats)", fontsize=8.5, color=INK)
    more = len(table) - len(top_rows)
    shown = title + (f" ({len(top_rows)} of {len(table)} features)" if more else "")
    bottom, top = reserve(figure, stamp)
    figure.subplots_adjust(left=0.38, right=0.97, bottom=bottom + 0.46 / height, top=top - 0.42 / height)
    literal(figure.text(0.02, top - 0.1 / height, plain(shown), fontsize=11.5, color=INK, va="top"))
    save_png(figure, path, stamp)
