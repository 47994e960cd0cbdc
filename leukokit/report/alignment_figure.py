"""The figure of heat by region: how much hotter than its area, and how often the hottest pixel is there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_NEEDED = {
    "explainer",
    "region",
    "ratio",
    "ratio_low",
    "ratio_high",
    "pointing_rate",
    "pointing_chance",
    "images",
    "images_with_region",
}


def alignment_figure(
    summary: pd.DataFrame,
    path: Path,
    *,
    title: str = "Where the heat lies",
    stamp: str | None = None,
) -> None:
    """Draw heat over area of each region, and the pointing game beside it.

    Left, on a logarithmic axis, the pooled ratio of heat to area with its interval; the line at 1 is heat
    spread evenly. Right, how often the hottest pixel of an image lies in the region; a bar marks what a pixel
    drawn by chance would reach. Regions that no image has are left out.

    Parameters
    ----------
    summary : DataFrame
        As :func:`leukokit.evaluation.alignment.summarize_alignment` gives it.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    stamp : str, optional
        Drawn as a band across the top.

    Raises
    ------
    LeukokitError
        Where columns are missing, or no region of any explainer has a ratio.
    """
    missing = _NEEDED - set(summary.columns)
    if missing:
        raise LeukokitError(f"a summary of alignment lacks {', '.join(sorted(missing))}")
    known = _with_ratio(summary)
    if known.empty:
        raise LeukokitError("there is no region with heat to draw")
    explainers = list(dict.fromkeys(known["explainer"]))
    regions = list(dict.fromkeys(known["region"]))
    band = max(0.46, 0.17 * len(explainers) + 0.2)  # inches a region
    head = 0.98 + 0.2 * math.ceil((len(explainers) + 1) / 5)
    foot = 0.98
    width, height = 8.6, head + band * len(regions) + foot + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    _, top = reserve(figure, stamp)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.35, 1.0))
    figure.subplots_adjust(
        left=0.145, right=0.975, bottom=foot / height, top=top - head / height, wspace=0.08
    )
    low, high = _limits(known)
    _draw_regions(left, right, known, explainers, regions, low)
    _ratio_axis(left, low, high)
    _pointing_axis(right)
    _region_axis(left, right, regions)
    _sides(left)
    _caption(right, "pointing game", 0.0, "left")
    _legend(figure, explainers, top=top, height=height)
    _heading(figure, title, known, top=top, height=height)
    save_png(figure, path, stamp)


def has_alignment(summary: pd.DataFrame) -> bool:
    """Whether a summary has a region with a ratio, so that there is something to draw."""
    return set(summary.columns) >= _NEEDED and not _with_ratio(summary).empty


def _with_ratio(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows with a ratio; numbers that a CSV file leaves empty are NaN."""
    numbers = summary[sorted(_NEEDED - {"explainer", "region"})].apply(pd.to_numeric, errors="coerce")
    table = summary.assign(**{str(name): numbers[name] for name in numbers})
    return table[table["ratio"].notna()]


def _draw_regions(
    left: Axes, right: Axes, known: pd.DataFrame, explainers: list[str], regions: list[str], low: float
) -> None:
    """Draw ratio and pointing game of every region, explainers below each other."""
    for number, explainer in enumerate(explainers):
        part = known[known["explainer"] == explainer]
        rows = {str(row["region"]): row for _, row in part.iterrows()}
        offset = (number - (len(explainers) - 1) / 2) * min(0.2, 0.7 / len(explainers))
        color, marker = PALETTE[number % len(PALETTE)], _MARKERS[number % len(_MARKERS)]
        for place, region in enumerate(regions):
            if region in rows:
                _ratio(left, rows[region], place + offset, low=low, color=color, marker=marker)
                _pointing(right, rows[region], place + offset, color=color, marker=marker)


def _ratio_axis(axes: Axes, low: float, high: float) -> None:
    """Logarithmic axis of the ratio, with the line at 1."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.axvline(1.0, color=INK, linewidth=1.1, zorder=1)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}\N{MULTIPLICATION SIGN}"))
    axes.set_xlabel("share of heat over share of area (95 % interval)", fontsize=8.5, color=INK, labelpad=5)


def _pointing_axis(axes: Axes) -> None:
    """Axis of the pointing game, in percent."""
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    axes.set_xlabel("images with their hottest pixel there", fontsize=8.5, color=INK, labelpad=5)


def _region_axis(left: Axes, right: Axes, regions: list[str]) -> None:
    """Names of the regions, and a shade behind every other one."""
    names = [plain(region).replace("_", " ") for region in regions]
    left.set_yticks(np.arange(len(regions)), names, fontsize=9.5, parse_math=False)
    left.set_ylim(len(regions) - 0.5, -0.5)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=8, color=MUTED)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(MUTED)
        axes.grid(axis="x", color="#E6E6E6", linewidth=0.7)
        axes.set_axisbelow(True)
        for place in range(1, len(regions), 2):
            axes.axhspan(place - 0.5, place + 0.5, color="#F5F5F5", linewidth=0, zorder=0)


def _heading(figure: Figure, title: str, known: pd.DataFrame, *, top: float, height: float) -> None:
    """Title, and how many images were explained."""
    images = sorted(set(known["images"].astype(int)))
    count = f"{images[0]}" if len(images) == 1 else f"{images[0]} to {images[-1]}"
    literal(figure.text(0.02, top - 0.12 / height, plain(title), fontsize=12.5, color=INK, va="top"))
    words = f"{count} images for each explainer"
    literal(figure.text(0.02, top - 0.38 / height, words, fontsize=8.5, color=MUTED, va="top"))


def _sides(axes: Axes) -> None:
    """Say what is left and right of the line at 1."""
    where = axes.transData.transform((1.0, 0.0))[0]
    middle = axes.transAxes.inverted().transform((where, 0.0))[0]
    _caption(axes, "\N{LEFTWARDS ARROW} cooler than its area", middle - 0.015, "right")
    _caption(axes, "hotter than its area \N{RIGHTWARDS ARROW}", middle + 0.015, "left")


def _caption(axes: Axes, text: str, place: float, side: Literal["left", "right"]) -> None:
    axes.text(place, 1.02, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=7.5, color=MUTED)


def _limits(known: pd.DataFrame) -> tuple[float, float]:
    """Set the ends of the ratio's axis: room for what is above 0, and for 1 in any case."""
    values = known[["ratio", "ratio_low", "ratio_high"]].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values) & (values >= 0.01)]
    lowest, highest = min([0.5, *values.tolist()]), max([2.0, *values.tolist()])
    return lowest / 1.3, highest * 1.3


def _ratio(axes: Axes, row: pd.Series, place: float, *, low: float, color: str, marker: str) -> None:
    start, end = max(float(row["ratio_low"]), low), float(row["ratio_high"])
    if np.isfinite(end) and end > low:
        axes.plot([start, end], [place, place], color=color, linewidth=1.8, solid_capstyle="butt", zorder=2)
    ratio = float(row["ratio"])
    if ratio > low:
        axes.plot(
            [ratio], [place], marker=marker, color=color, markersize=6.5, markeredgecolor="white", zorder=3
        )
    else:
        # A logarithm has no place for 0: an arrow points to where it would be.
        axes.plot(
            [low * 1.06], [place], marker="<", color="white", markeredgecolor=color, markersize=6, zorder=3
        )
        axes.text(low * 1.12, place, f" {ratio:.2g}", fontsize=7, color=color, va="center")


def _pointing(axes: Axes, row: pd.Series, place: float, *, color: str, marker: str) -> None:
    rate, chance = float(row["pointing_rate"]), float(row["pointing_chance"])
    axes.plot([chance, rate], [place, place], color=color, linewidth=1.0, alpha=0.6, zorder=2)
    axes.plot([chance], [place], marker="|", color=INK, markersize=10, markeredgewidth=1.4, zorder=5)
    axes.plot(
        [rate],
        [place],
        marker=marker,
        color=color,
        markersize=6.5,
        markeredgecolor="white",
        zorder=4,
        clip_on=False,
    )


def _legend(figure: Figure, explainers: list[str], *, top: float, height: float) -> None:
    handles = [
        Line2D(
            [],
            [],
            color=PALETTE[number % len(PALETTE)],
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=6.5,
            markeredgecolor="white",
            linewidth=1.8,
        )
        for number in range(len(explainers))
    ]
    handles.append(Line2D([], [], color=INK, marker="|", markersize=9, markeredgewidth=1.6, linestyle="none"))
    legend = figure.legend(
        handles,
        [*map(plain, explainers), "by chance"],
        loc="upper left",
        bbox_to_anchor=(0.012, top - 0.54 / height),
        ncols=5,
        fontsize=8.5,
        frameon=False,
        handlelength=2.2,
        columnspacing=1.8,
        borderpad=0.2,
    )
    for text in legend.get_texts():
        literal(text)
