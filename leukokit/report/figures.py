"""Figures of scores and features, as PNG files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png

_LINE_STYLES = ("-", "--", "-.", ":")


def confusion_figure(
    confusion: ArrayLike, classes: Sequence[str], path: Path, title: str, *, stamp: str | None = None
) -> None:
    """Draw a confusion matrix: counts, shaded and annotated by share of the true class.

    Parameters
    ----------
    confusion : array-like of int (k, k)
        Rows are true classes, columns predicted ones.
    classes : sequence of str
        k names.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    stamp : str, optional
        Drawn as a band across the top, such as ``SYNTHETIC SMEARS``.

    Raises
    ------
    LeukokitError
        Where the matrix is not k x k.
    """
    counts = np.asarray(confusion)
    k = len(classes)
    if counts.shape != (k, k) or k == 0:
        raise LeukokitError(
            f"a confusion matrix of {k} classes must be {k} x {k}, this one is {counts.shape}"
        )
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)

    names = [plain(c) for c in classes]
    longest = max(map(len, names))
    slanted = longest > 10
    # In inches: the square of cells, and what stands around it.
    side = 0.92 * k
    left = 0.55 + 0.09 * longest
    below = 0.75 + (0.045 * longest if slanted else 0.0)
    width = max(left + side + 1.15, 4.2)
    height = below + side + 0.55 + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.55 else INK
        axes.text(
            column, row - 0.08, f"{counts[row, column]:,}", ha="center", va="center", color=color, fontsize=13
        )
        axes.text(column, row + 0.24, f"{share:.1%}", ha="center", va="center", color=color, fontsize=7.5)
    axes.set_xticks(range(k), names, fontsize=9)
    axes.set_yticks(range(k), names, fontsize=9)
    if slanted:
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="right", rotation_mode="anchor")
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        literal(label)
    axes.set_xlabel("predicted", fontsize=9, color=MUTED)
    axes.set_ylabel("true", fontsize=9, color=MUTED)
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    literal(axes.set_title(plain(title), fontsize=11, color=INK, pad=10))
    bar_axes = axes.inset_axes((1.04, 0.0, 0.035, 1.0))
    bar = figure.colorbar(image, cax=bar_axes)
    bar.set_label("share of the true class", fontsize=8, color=MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2)
    save_png(figure, path, stamp)


def feature_distributions(
    table: pd.DataFrame,
    labels: Sequence[str] | NDArray[np.str_],
    path: Path,
    *,
    title: str = "Features by class",
    stamp: str | None = None,
) -> None:
    """Draw a histogram of each feature by class, as small multiples with densities.

    Missing and infinite values are left out, and their number is written into the panel. Tails beyond the
    0.5th and 99.5th percentile are gathered in the outermost bins.

    Parameters
    ----------
    table : DataFrame
        n rows, one numeric column a panel.
    labels : sequence of str
        n true classes.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    stamp : str, optional
        Drawn as a band across the top.

    Raises
    ------
    LeukokitError
        Where there is no column, or the numbers of rows and labels differ.
    """
    names = np.asarray(labels).astype(str)
    if len(names) != len(table):
        raise LeukokitError(f"{len(table)} rows of features, but {len(names)} labels")
    if table.shape[1] == 0:
        raise LeukokitError("there is no feature to draw", hint="Give a table with at least one column")
    classes = sorted(set(names.tolist()))
    columns = min(4, table.shape[1])
    rows = math.ceil(table.shape[1] / columns)
    width, height = 2.6 * columns + 0.5, 1.7 * rows + 1.15 + (0.34 if stamp else 0.0)
    figure = new_figure(max(width, 5.5), height)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[table.shape[1] :]:
        axes.set_visible(False)
    for axes, column in zip(grid.flat, table.columns, strict=False):
        _histogram(axes, table[column].to_numpy(dtype=np.float64), names, classes)
        literal(axes.set_title(plain(column), fontsize=8.5, color=INK, loc="left", pad=4))

    bottom, top = reserve(figure, stamp)
    figure.subplots_adjust(
        left=0.03,
        right=0.985,
        bottom=bottom + 0.28 / height,
        top=top - 0.82 / height,
        hspace=0.5,
        wspace=0.12,
    )
    literal(figure.text(0.03, top - 0.12 / height, plain(title), fontsize=12, color=INK, va="top"))
    handles, _ = grid.flat[0].get_legend_handles_labels()
    legend = figure.legend(
        handles,
        [plain(c) for c in classes],
        loc="upper left",
        bbox_to_anchor=(0.02, top - 0.33 / height),
        ncols=min(len(classes), 8),
        fontsize=9,
        frameon=False,
        handlelength=2.6,
    )
    for text in legend.get_texts():
        literal(text)
    save_png(figure, path, stamp)


def _histogram(axes: Axes, values: NDArray[np.float64], names: NDArray[Any], classes: Sequence[str]) -> None:
    finite = np.isfinite(values)
    edges = _edges(values[finite], len(classes))
    for index, name in enumerate(classes):
        color = PALETTE[index % len(PALETTE)]
        chosen = np.clip(values[finite & (names == name)], edges[0], edges[-1])
        counts, _ = np.histogram(chosen, bins=edges)
        density = counts / max(counts.sum(), 1)
        axes.stairs(density, edges, fill=True, color=color, alpha=0.13)
        style = _LINE_STYLES[index % len(_LINE_STYLES)]
        axes.stairs(density, edges, color=color, linewidth=1.4, linestyle=style, label=name)
    missing = int(len(values) - finite.sum())
    if missing:
        note = f"{missing:,} of {len(values):,} missing"
        axes.set_title(note, fontsize=6.5, color=MUTED, loc="right", pad=4)
    axes.set_yticks([])
    axes.set_ylim(bottom=0.0)
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="x", labelsize=7, length=2.5, color=MUTED)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)


def _edges(values: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    bins = int(np.clip(2 * math.sqrt(len(values) / classes), 8, 32))
    low, high = np.percentile(values, [0.5, 99.5]) if len(values) else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, high, bins + 1)
