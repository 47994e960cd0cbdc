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
_CORNERS = ((True, True), (True, False), (False, True), (False, False))
"""Whether it is a lower one, and a right one."""
_WEIGHTS = {CELL: 1, NUCLEUS: 1, SCALE_BAR: 4}
_CASING = "#000000"


def bar_length(scale: Scale, width: int) -> int | None:
    """Length of the bar in um for a picture ``width`` px wide; None where the scale is not known."""
    if not scale.known:
        return None
    fitting = [um for um in LENGTHS_UM if um / scale.um_per_px <= _MOST * width]
    return fitting[-1] if fitting else None


def draw_scale_bar(axes: Axes, scale: Scale, labels: Labels) -> None:
    """Draw a bar with its length, or words where the scale is unknown, in the corner that is freest.

    A picture that shows less than 3 um is too small for any bar, and gets none.

    Parameters
    ----------
    axes : Axes
        With data coordinates in px of the label images.
    """
    height, width = next(iter(labels.roles.values())).shape
    length = bar_length(scale, width)
    # The lower right corner is where readers look for it: another one has to be freer.
    lower, right = min(_CORNERS, key=lambda corner: _taken(labels, *corner))
    rim = [withStroke(linewidth=2.2, foreground=_CASING)]
    if not scale.known:
        axes.text(
            0.97 if right else 0.03,
            0.03 if lower else 0.97,
            "scale unknown",
            transform=axes.transAxes,
            ha="right" if right else "left",
            va="bottom" if lower else "top",
            fontsize=6.5,
            color="white",
            path_effects=rim,
            zorder=6,
        )
        return
    if length is None:
        return
    px = length / scale.um_per_px
    start = 0.96 * width - px if right else 0.04 * width
    place = height * (0.955 if lower else _CORNER[0] - 0.045)
    axes.plot(
        [start, start + px],
        [place, place],
        color="white",
        linewidth=2.4,
        solid_capstyle="butt",
        path_effects=[withStroke(linewidth=4.2, foreground=_CASING, capstyle="projecting")],
        zorder=6,
    )
    axes.text(
        start + px / 2,
        place - 0.02 * height,
        f"{length} \N{MICRO SIGN}m",
        ha="center",
        va="bottom",
        fontsize=7.5,
        fontweight="bold",
        color="white",
        path_effects=rim,
        zorder=6,
    )


def _taken(labels: Labels, lower: bool, right: bool) -> int:
    """Pixels of a corner that hold white cells; those of a printed scale bar count for four."""
    height, width = next(iter(labels.roles.values())).shape
    high, wide = round(height * _CORNER[0]), round(width * _CORNER[1])
    rows = slice(height - high, height) if lower else slice(0, high)
    columns = slice(width - wide, width) if right else slice(0, wide)
    weights = {role: weight for role, weight in _WEIGHTS.items() if role in labels.roles}
    return sum(
        weight * int(np.count_nonzero(labels.roles[role][rows, columns])) for role, weight in weights.items()
    )
