"""Plot of how numbers spread, a row for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leukokit.report.html.axes import SIZE, WIDE, bare_axes, label_margin, row_label
from leukokit.report.html.svg import COLORS, new_plot, svg_of

_NARROWEST = 1.3
"""Ratio of the ends of the axis: a spread of 2 % is not blown up to the width of the page."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of one class.

    Attributes
    ----------
    quantiles : sequence of float
        5, 25, 50, 75 and 95 %; positive.
    text : str
        Written at the end of the row.
    """

    label: str
    quantiles: tuple[float, float, float, float, float]
    text: str


def spread_plot(rows: Sequence[Spread], name: str, *, unit: str, title: str, description: str) -> Markup:
    """Draw a point at each median, a bar over the middle half, a line from the 5th to the 95th percentile."""
    height = 32 * len(rows) + 56
    figure = new_plot(WIDE, height)
    margin = label_margin([row.label for row in rows])
    axes = figure.add_axes((margin, 54 / height, 0.87 - margin, 32 * len(rows) / height))
    bare_axes(axes)
    low, high = min(row.quantiles[0] for row in rows), max(row.quantiles[-1] for row in rows)
    wider = max(1.03, (_NARROWEST * low / high) ** 0.5)
    axes.set_xlim(low / wider, high * wider)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    for place, row in enumerate(rows):
        axes.axhline(place, color=COLORS["grid"], lw=0.8, zorder=0)
        row_label(axes, place, row.label)
        q05, q25, q50, q75, q95 = row.quantiles
        axes.plot([q05, q95], [place, place], color=COLORS["c0"], lw=1.6, solid_capstyle="round")
        axes.plot([q25, q75], [place, place], color=COLORS["c0"], lw=7, alpha=0.45, solid_capstyle="butt")
        axes.plot([q50], [place], "o", color=COLORS["c0"], ms=7.5, clip_on=False, zorder=5)
        axes.annotate(
            row.text,
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIZE,
            color=COLORS["ink"],
            annotation_clip=False,
        )
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="x", labelsize=SIZE, length=0, labelcolor=COLORS["muted"])
    axes.set_xlabel(unit, fontsize=SIZE, color=COLORS["muted"], labelpad=9)
    return svg_of(figure, name, title=title, description=description)
