"""Scale bar in um in a corner of a picture."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from leukokit.api import CELL, NUCLEUS, SCALE_BAR, Labels, Scale

LENGTHS_UM = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_MOST = 0.34
"""Share of the picture's width that a bar may take."""
_CORNER = (0.16, 0.4)
"""Height and width of the corner that bar and number need, as shares of the picture."""
_CASING = "#000000"


def bar_length(scale: Scale, width: int) -> int | None:
    """Length of the bar in um for a picture ``width`` px wide; None where the scale is not known."""
    if not scale.known:
        return None
    fitting = [um for um in LENGTHS_UM if um / scale.um_per_px <= _MOST * width]
    return fitting[-1] if fitting else None


def draw_scale_bar(axes: Axes, scale: Scale, labels: Labels) -> None:
    """Draw a bar with its length in the lower corner where fewer white cells are; in words where unknown.

    Parameters
    ----------
    axes : Axes
        With data coordinates in px of the label images.
    """
    height, width = next(iter(labels.roles.values())).shape
    length = bar_length(scale, width)
    right = _taken(labels, left=False) <= _taken(labels, left=True)
    rim = [withStroke(linewidth=2.2, foreground=_CASING)]
    if length is None:
        axes.text(
            0.97 if right else 0.03,
            0.03,
            "scale unknown",
            transform=axes.transAxes,
            ha="right" if right else "left",
            va="bottom",
            fontsize=6.5,
            color="white",
            path_effects=rim,
        )
        return
    px = length / scale.um_per_px
    start = 0.96 * width - px if right else 0.04 * width
    axes.plot(
        [start, start + px],
        [0.955 * height] * 2,
        color="white",
        linewidth=2.4,
        solid_capstyle="butt",
        path_effects=[withStroke(linewidth=4.2, foreground=_CASING, capstyle="projecting")],
        zorder=6,
    )
    axes.text(
        start + px / 2,
        0.935 * height,
        f"{length} \N{MICRO SIGN}m",
        ha="center",
        va="bottom",
        fontsize=7.5,
        fontweight="bold",
        color="white",
        path_effects=rim,
        zorder=6,
    )


def _taken(labels: Labels, *, left: bool) -> int:
    """Pixels of a lower corner that hold white cells or a printed scale bar."""
    height, width = next(iter(labels.roles.values())).shape
    rows = slice(round(height * (1 - _CORNER[0])), height)
    wide = round(width * _CORNER[1])
    columns = slice(0, wide) if left else slice(width - wide, width)
    roles = [labels.roles[role] for role in (CELL, NUCLEUS, SCALE_BAR) if role in labels.roles]
    return sum(int(np.count_nonzero(role[rows, columns])) for role in roles)
