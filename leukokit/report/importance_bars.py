"""Importances of features as bars: drawn once, on the canvas of a PNG file or of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from leukokit.report._canvas import plain


@dataclass(frozen=True, slots=True)
class Importance:
    """One feature.

    Attributes
    ----------
    feature : str
    mean, spread : float
        Loss of score when it is shuffled, over the repeats; a spread of NaN is not drawn.
    """

    feature: str
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class BarLook:
    """What differs between a PNG file and the page.

    Attributes
    ----------
    bar, ink, muted : str
        Colors of bars, of names and spreads, and of axis and ticks.
    size : float
        Of the letters, in points of the canvas.
    longest : int
        Letters of a name from which its middle is left out.
    """

    bar: str
    ink: str
    muted: str
    size: float
    longest: int


def draw_importances(axes: Axes, rows: Sequence[Importance], look: BarLook, unit: str) -> None:
    """Draw a bar for each feature, the first one at the top, with the spread as a line."""
    for place, row in enumerate(rows):
        axes.barh(place, row.mean, height=0.66, color=look.bar)
        axes.plot([row.mean - row.spread, row.mean + row.spread], [place, place], color=look.ink, lw=1.0)
        axes.annotate(
            _elided(plain(row.feature), look.longest),
            (0, place),
            xycoords=("axes fraction", "data"),
            xytext=(-0.8 * look.size, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=look.size,
            color=look.ink,
            annotation_clip=False,
        ).set_parse_math(False)
    axes.axvline(0, color=look.muted, lw=0.9)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", labelsize=look.size, length=0, labelcolor=look.muted)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(unit, fontsize=look.size, color=look.muted, labelpad=3)


def _elided(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    half = longest // 2
    return f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[1 - half :]}"
