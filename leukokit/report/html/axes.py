"""Bare axes, ticks, labels and points: what all plots of the report draw with."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from leukokit.report.html.estimate import Estimate
from leukokit.report.html.svg import COLORS
from leukokit.report.html.text import percent, visible

SIZE = 12.5
"""CSS px of all small text."""
WIDE = 600
"""Width of a wide plot."""
LONGEST = 32
"""Letters of a row's label."""
LETTER = 8.2  # px, a generous width of one letter, as telephones enlarge it
MARKS = {"ok": "o", "warn": "^", "fail": "s"}
"""A level is told by its mark as well as by its color."""


def bare_axes(axes: Axes) -> None:
    """Leave of the frame only the line below."""
    axes.set_facecolor("none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set(color=COLORS["grid"], linewidth=1)


def share_ticks(
    axes: Axes, ticks: Sequence[float], *, vertical: bool = False, labels: bool = True, grid: bool = True
) -> None:
    """Put ticks in percent on an axis, with lines across the plot."""
    axis = axes.yaxis if vertical else axes.xaxis
    digits = 0 if all(abs(tick * 100 - round(tick * 100)) < 1e-9 for tick in ticks) else 1
    axis.set_ticks(ticks, labels=[percent(tick, digits) if labels else "" for tick in ticks])
    axes.tick_params(
        axis="y" if vertical else "x", labelsize=SIZE, length=0, labelcolor=COLORS["muted"], pad=4
    )
    if grid:
        axes.grid(axis="y" if vertical else "x", color=COLORS["grid"], lw=0.8)
        axes.set_axisbelow(True)


def draw_dot(
    axes: Axes, estimate: Estimate, place: float, level: str, *, vertical: bool = False, size: float = 7.5
) -> None:
    """Draw an estimate: a point, and a line for its interval."""
    if estimate.value is None:
        return
    color = COLORS[level]
    if estimate.low is not None and estimate.high is not None:
        ends, same = [estimate.low, estimate.high], [place, place]
        axes.plot(*((same, ends) if vertical else (ends, same)), color=color, lw=2, solid_capstyle="round")
    where = ([place], [estimate.value]) if vertical else ([estimate.value], [place])
    axes.plot(*where, MARKS.get(level, "o"), color=color, ms=size, clip_on=False, zorder=5)


def label_margin(labels: Sequence[str]) -> float:
    """Share of a wide figure that its labels need."""
    longest = min(max((len(visible(label)) for label in labels), default=0), LONGEST)
    return (longest * LETTER + 22) / WIDE


def name_above(axes: Axes, text: str) -> None:
    """Name of the vertical axis, above it, so that nobody has to turn the head."""
    axes.text(0, 1.03, text, transform=axes.transAxes, fontsize=SIZE, color=COLORS["muted"], parse_math=False)


def row_label(axes: Axes, place: float, text: str) -> None:
    """Write the name of a row to its left; what is too long loses its middle."""
    shown = visible(text)
    if len(shown) > LONGEST:
        half = LONGEST // 2
        shown = shown[:half] + "\N{HORIZONTAL ELLIPSIS}" + shown[1 - half :]
    drawn = axes.annotate(
        shown,
        (0, place),
        xycoords=("axes fraction", "data"),
        xytext=(-10, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=SIZE + 0.5,
        color=COLORS["ink"],
        annotation_clip=False,
    )
    drawn.set_parse_math(False)


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    color: str,
    *,
    ha: str = "left",
    va: str = "baseline",
    bold: bool = False,
) -> None:
    """Write text at data coordinates, in a color of the page."""
    axes.text(
        x,
        y,
        visible(text),
        color=COLORS[color],
        fontsize=SIZE,
        ha=ha,
        va=va,
        fontweight="bold" if bold else "normal",
        parse_math=False,
    )
