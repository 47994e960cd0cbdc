"""The figures of the report: few lines, direct labels, colors that any eye tells apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from leukokit.report.html.axes import (
    LONGEST,
    SIZE,
    WIDE,
    bare_axes,
    draw_dot,
    label_margin,
    name_above,
    row_label,
    share_ticks,
    write,
)
from leukokit.report.html.estimate import Estimate
from leukokit.report.html.svg import COLORS, new_plot, svg_of
from leukokit.report.html.text import visible
from leukokit.report.importance_bars import BarLook, Importance, draw_importances


@dataclass(frozen=True, slots=True)
class Point:
    """A number on a dot plot.

    Attributes
    ----------
    level : str
        ``ok``, ``warn``, ``fail``, or a color of the page.
    chance : float or None
        Drawn as a tick in its row.
    """

    label: str
    estimate: Estimate
    level: str = "c0"
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A number that the others are compared with, drawn over all rows."""

    label: str
    estimate: Estimate


def dot_plot(
    rows: Sequence[Point], name: str, *, title: str, description: str, band: Band | None = None
) -> Markup:
    """Shares in 0..1, one row each, with intervals; a band behind them for the one that counts."""
    height = 36 * len(rows) + (56 if band else 34)
    figure = new_plot(WIDE, height)
    margin = label_margin([row.label for row in rows])
    axes = figure.add_axes((margin, 28 / height, 0.88 - margin, 36 * len(rows) / height))
    bare_axes(axes)
    axes.spines["bottom"].set_visible(False)
    low = min([0.0 if row.estimate.value is None else row.estimate.value for row in rows], default=0.0)
    left = 0.0 if low < 0.75 or any(row.chance is not None for row in rows) else math.floor(low * 10 - 1) / 10
    axes.set_xlim(left, 1.0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    share_ticks(axes, [left + (1 - left) * i / 4 for i in range(5)])
    if band is not None and band.estimate.value is not None:
        value = band.estimate.value
        if band.estimate.low is not None and band.estimate.high is not None:
            axes.axvspan(band.estimate.low, band.estimate.high, color=COLORS["c0"], alpha=0.16, lw=0)
        axes.axvline(value, color=COLORS["c0"], lw=1.6)
        side = "right" if value > 0.6 else "left"
        write(axes, value, -0.58, f"{band.label} {band.estimate.text}", "c0", ha=side, va="bottom", bold=True)
    for place, row in enumerate(rows):
        axes.axhline(place, color=COLORS["grid"], lw=0.8, zorder=0)
        if row.chance is not None:
            axes.plot([row.chance] * 2, [place - 0.22, place + 0.22], color=COLORS["muted"], lw=1.4)
        row_label(axes, place, row.label)
        draw_dot(axes, row.estimate, place, row.level)
        axes.annotate(
            row.estimate.text,
            (1.0, place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIZE,
            color=COLORS["ink"],
            annotation_clip=False,
        )
    return svg_of(figure, name, title=title, description=description)


def reliability(
    bins: Sequence[tuple[float, Estimate, float]], name: str, *, title: str, description: str
) -> Markup:
    """Accuracy against confidence; the bars below are the share of images of each bin.

    Parameters
    ----------
    bins : sequence of (confidence, accuracy, share of images)
    """
    figure = new_plot(300, 310)
    axes = figure.add_axes((0.16, 0.32, 0.79, 0.59))
    bare_axes(axes)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.plot([0, 1], [0, 1], color=COLORS["muted"], lw=1, ls=(0, (3, 3)))
    share_ticks(axes, [0, 0.5, 1], labels=False)
    share_ticks(axes, [0, 0.5, 1], vertical=True)
    line = [(x, accuracy.value) for x, accuracy, _ in bins if accuracy.value is not None]
    if line:
        axes.plot(*zip(*line, strict=True), color=COLORS["c0"], lw=1.2, alpha=0.6)
    for x, accuracy, _ in bins:
        draw_dot(axes, accuracy, x, "c0", vertical=True, size=5)
    name_above(axes, "right, of those in the bin")
    below = figure.add_axes((0.16, 0.16, 0.79, 0.12))
    bare_axes(below)
    below.set(xlim=(0, 1), ylim=(0, max([share for *_, share in bins], default=1.0) or 1.0))
    below.bar([x for x, *_ in bins], [share for *_, share in bins], width=0.035, color=COLORS["muted"])
    below.set_yticks([])
    share_ticks(below, [0, 0.5, 1], grid=False)
    below.set_xlabel("probability of the class it chose", fontsize=SIZE, color=COLORS["muted"], labelpad=3)
    return svg_of(figure, name, title=title, description=description)


def roc(
    curve: Sequence[tuple[float, float]],
    sensitivity: Estimate,
    specificity: Estimate,
    name: str,
    *,
    title: str,
    description: str,
) -> Markup:
    """Sensitivity against 1 - specificity with the operating point."""
    figure = new_plot(330, 320)
    axes = figure.add_axes((0.16, 0.16, 0.79, 0.76))
    bare_axes(axes)
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.02))
    axes.plot([0, 1], [0, 1], color=COLORS["muted"], lw=1, ls=(0, (3, 3)))
    share_ticks(axes, [0, 0.5, 1])
    share_ticks(axes, [0, 0.5, 1], vertical=True)
    path = sorted({(0.0, 0.0), (1.0, 1.0), *curve})
    axes.plot(*zip(*path, strict=True), color=COLORS["c0"], lw=2, drawstyle="steps-post")
    if sensitivity.value is not None and specificity.value is not None:
        x, y = 1 - specificity.value, sensitivity.value
        if sensitivity.low is not None and sensitivity.high is not None:
            axes.plot([x, x], [sensitivity.low, sensitivity.high], color=COLORS["c4"], lw=1.6)
        if specificity.low is not None and specificity.high is not None:
            axes.plot([1 - specificity.high, 1 - specificity.low], [y, y], color=COLORS["c4"], lw=1.6)
        axes.plot([x], [y], "o", color=COLORS["c4"], ms=7)
        write(axes, min(x + 0.05, 0.55), max(y - 0.06, 0.1), "operating point", "c4", va="top", bold=True)
    axes.set_xlabel("1 \N{MINUS SIGN} specificity", fontsize=SIZE, color=COLORS["muted"], labelpad=3)
    name_above(axes, "sensitivity")
    return svg_of(figure, name, title=title, description=description)


def coverage(
    curve: Sequence[tuple[float, float]],
    kept: Estimate,
    risk: Estimate,
    name: str,
    *,
    title: str,
    description: str,
) -> Markup:
    """Share of errors among the images that the model keeps, against how many it keeps."""
    figure = new_plot(460, 320)
    axes = figure.add_axes((0.11, 0.16, 0.84, 0.76))
    bare_axes(axes)
    most = max([y for _, y in curve] + [risk.high or 0.0, 0.01]) * 1.12
    axes.set(xlim=(0, 1), ylim=(0, most))
    if kept.value is not None:
        axes.axvspan(kept.value, 1, color=COLORS["c1"], alpha=0.18, lw=0)
        axes.axvline(kept.value, color=COLORS["c1"], lw=1.4)
        room = kept.value < 0.7
        at, side = (1 - 0.02, "right") if room else (kept.value - 0.02, "right")
        write(axes, at, most * 0.985, "refer to an expert" + ("" if room else " \N{RIGHTWARDS ARROW}"), "ink",
              ha=side, va="top", bold=True)  # fmt: skip
    if curve:
        axes.plot(*zip(*sorted(curve), strict=True), color=COLORS["c0"], lw=2)
    if kept.value is not None and risk.value is not None:
        draw_dot(axes, risk, kept.value, "c4", vertical=True, size=7)
    share_ticks(axes, [0, 0.25, 0.5, 0.75, 1])
    share_ticks(axes, [tick for tick in MaxNLocator(4).tick_values(0, most) if tick < most], vertical=True)
    axes.set_xlabel("coverage: images it decides", fontsize=SIZE, color=COLORS["muted"], labelpad=3)
    name_above(axes, "risk: errors among those it decides")
    return svg_of(figure, name, title=title, description=description)


def bars(rows: Sequence[Importance], name: str, *, unit: str, title: str, description: str) -> Markup:
    """Draw importances of features, the largest first."""
    height = 24 * len(rows) + 46
    figure = new_plot(WIDE, height)
    margin = label_margin([row.feature for row in rows])
    axes = figure.add_axes((margin, 42 / height, 0.97 - margin, 24 * len(rows) / height))
    bare_axes(axes)
    look = BarLook(COLORS["c0"], COLORS["ink"], COLORS["muted"], SIZE, LONGEST)
    draw_importances(axes, rows, look, unit)
    return svg_of(figure, name, title=title, description=description)


def ratios(rows: Sequence[tuple[str, Estimate]], name: str, *, title: str, description: str) -> Markup:
    """Ratios on a logarithmic axis around 1, with intervals."""
    height = 32 * len(rows) + 66
    figure = new_plot(WIDE, height)
    margin = label_margin([label for label, _ in rows])
    axes = figure.add_axes((margin, 42 / height, 0.97 - margin, 32 * len(rows) / height))
    bare_axes(axes)
    axes.spines["bottom"].set_visible(False)
    drawn = [x for _, ratio in rows for x in (ratio.value, ratio.low, ratio.high) if x is not None and x > 0]
    widest = min(max([abs(math.log2(x)) for x in drawn], default=1.0) * 1.15, 7.0)
    axes.set_xscale("log", base=2)
    axes.set_xlim(2 ** -max(widest, 1.0), 2 ** max(widest, 1.0))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    ticks = [2.0**i for i in range(-6, 7) if abs(i) <= max(widest, 1.0)]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"1/{1 / x:.0f}" if x < 1 else f"{x:.0f}"))
    axes.tick_params(axis="x", labelsize=SIZE, length=0, labelcolor=COLORS["muted"])
    axes.axvline(1, color=COLORS["muted"], lw=1.2)
    write(axes, 1, -0.55, "as much as its area", "muted", ha="center", va="bottom")
    for place, (label, ratio) in enumerate(rows):
        axes.axhline(place, color=COLORS["grid"], lw=0.8, zorder=0)
        row_label(axes, place, label)
        if ratio.value is not None and ratio.value > 0:
            draw_dot(axes, ratio, place, "c0")
    axes.set_xlabel("heat compared with area", fontsize=SIZE, color=COLORS["muted"], labelpad=3)
    return svg_of(figure, name, title=title, description=description)


def curves(
    lines: Sequence[tuple[str, str, Sequence[float]]], name: str, *, title: str, description: str
) -> Markup:
    """Shares over epochs: training and validation.

    Parameters
    ----------
    lines : sequence of (label, color, values)
    """
    figure = new_plot(460, 260)
    axes = figure.add_axes((0.12, 0.2, 0.69, 0.74))
    bare_axes(axes)
    longest = max(len(values) for *_, values in lines)
    low = min(value for *_, values in lines for value in values)
    floor = math.floor(low * 10) / 10
    axes.set(xlim=(0.8, max(longest, 2)), ylim=(floor, 1.005))
    share_ticks(axes, [floor, (1 + floor) / 2, 1], vertical=True)
    ends: list[float] = []
    for label, color, values in lines:
        axes.plot(range(1, len(values) + 1), values, color=COLORS[color], lw=2)
        at = values[-1]
        while any(abs(at - other) < (1 - floor) * 0.09 for other in ends):
            at -= (1 - floor) * 0.03
        ends.append(at)
        axes.annotate(
            visible(label),
            (len(values), at),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIZE,
            color=COLORS[color],
            annotation_clip=False,
        )
    axes.locator_params(axis="x", nbins=6, integer=True)
    axes.tick_params(axis="x", labelsize=SIZE, length=0, labelcolor=COLORS["muted"])
    axes.set_xlabel("epoch", fontsize=SIZE, color=COLORS["muted"], labelpad=3)
    return svg_of(figure, name, title=title, description=description)
