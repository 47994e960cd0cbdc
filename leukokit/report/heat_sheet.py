"""Sheet of heat maps: image, heat, and heat over the image, one row a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from leukokit.api import FloatArray, RGBImage
from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png

MAX_ROWS = 24
"""Rows of one sheet; of more samples an even choice is drawn, and the title says so."""

_Inches: TypeAlias = Callable[[float, float, float, float], tuple[float, float, float, float]]

_COLORS = "inferno"  # perceptually uniform: equal steps of heat look equal, in gray too
_WRONG = PALETTE[4]
_PANEL = 1.75  # inches
_GAP = 0.1
_MARGIN = 0.18
_TEXT = 2.15
_LONGEST = 24  # letters that fit beside a row
_HEADINGS = ("image", "heat", "heat over image")


@dataclass(frozen=True)
class HeatRow:
    """One sample on a sheet.

    Attributes
    ----------
    id : str
    image : uint8 array, H x W x 3
    heat : float64 array, H x W
        In 0..1.
    true, predicted : str
        Classes.
    target : str
        Class that the heat explains.
    probability : float
        Of ``target``, 0..1.
    """

    id: str
    image: RGBImage
    heat: FloatArray
    true: str
    predicted: str
    target: str
    probability: float


def heat_sheet(
    rows: Sequence[HeatRow], path: Path, *, title: str, note: str = "", stamp: str | None = None
) -> None:
    """Draw samples with their heat, one row a sample.

    A wrong prediction is told by a cross, by its words and by a dashed frame, besides its color.

    Parameters
    ----------
    rows : sequence of HeatRow
        Such as those of one true class. Of more than ``MAX_ROWS`` an even choice is drawn.
    path : Path
        PNG file to write.
    title : str
        Shown above, such as ``grad_cam: early``.
    note : str
        What a reader should know, such as the layer the maps were taken at; shown below the title.
    stamp : str, optional
        Drawn as a band across the top, such as ``SYNTHETIC SMEARS``.

    Raises
    ------
    LeukokitError
        Where there is no row, or a heat map has another shape than its image.
    """
    if not rows:
        raise LeukokitError("there is no heat map to draw", hint="Give at least one row")
    for row in rows:
        if row.heat.shape != row.image.shape[:2]:
            raise LeukokitError(
                f"the heat map is {row.heat.shape}, its image {row.image.shape[:2]}", where=plain(row.id)
            )
    drawn = [rows[int(place)] for place in np.linspace(0, len(rows) - 1, min(len(rows), MAX_ROWS))]
    tallest = max(row.image.shape[0] / row.image.shape[1] for row in drawn)
    panel_height = _PANEL * min(max(tallest, 0.75), 1.5)
    width = _MARGIN + _TEXT + 3 * _PANEL + 2 * _GAP + _MARGIN
    head = 1.16
    foot = 0.34
    height = head + len(drawn) * (panel_height + _GAP) + foot + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    _, top = reserve(figure, stamp)

    def inches(left: float, down: float, wide: float, tall: float) -> tuple[float, float, float, float]:
        """Box in shares of the figure from its place below the stamp's band."""
        return left / width, top - (down + tall) / height, wide / width, tall / height

    _head(figure, inches, title=title, note=note, drawn=drawn, count=len(rows))
    for number, row in enumerate(drawn):
        down = head + number * (panel_height + _GAP)
        beside = figure.add_axes(inches(_MARGIN, down, _TEXT, panel_height))
        _say(beside, row, panel_height)
        for column in range(3):
            left = _MARGIN + _TEXT + column * (_PANEL + _GAP)
            axes = figure.add_axes(inches(left, down, _PANEL, panel_height))
            _show(axes, row, column)
    save_png(figure, path, stamp)


def blend(image: RGBImage, heat: FloatArray) -> NDArray[np.float64]:
    """Lay heat over an image that has lost its color, so that no stain passes for heat.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    heat : float64 array, H x W
        In 0..1; the hotter, the less of the image shows through.

    Returns
    -------
    float64 array, H x W x 3
        In 0..1.
    """
    gray = image @ np.array([0.299, 0.587, 0.114]) / 255.0
    colors = mpl.colormaps[_COLORS](heat)[..., :3]
    # Cold places keep the image; a little heat must already show on white ground.
    cover = 0.8 * np.sqrt(np.clip(heat, 0.0, 1.0))[..., None]
    blended: NDArray[np.float64] = (1.0 - cover) * gray[..., None] + cover * colors
    return np.clip(blended, 0.0, 1.0)


def _head(
    figure: Figure, inches: _Inches, *, title: str, note: str, drawn: Sequence[HeatRow], count: int
) -> None:
    wrong = sum(row.predicted != row.true for row in drawn)
    shown = f"{len(drawn)} of {count} images" if len(drawn) < count else _images(count)
    below = f"{shown}, {wrong} predicted wrongly" if wrong else f"{shown}, all predicted correctly"
    x, y = inches(_MARGIN, 0.12, 0, 0)[:2]
    literal(figure.text(x, y, plain(title), fontsize=13, color=INK, va="top"))
    x, y = inches(_MARGIN, 0.4, 0, 0)[:2]
    literal(figure.text(x, y, plain(below), fontsize=8.5, color=MUTED, va="top"))
    if note:
        x, y = inches(_MARGIN, 0.58, 0, 0)[:2]
        literal(figure.text(x, y, plain(note), fontsize=8.5, color=MUTED, va="top"))
    for column, heading in enumerate(_HEADINGS):
        left = _MARGIN + _TEXT + column * (_PANEL + _GAP)
        x, y = inches(left, 1.1, 0, 0)[:2]
        figure.text(x, y, heading, fontsize=8.5, color=INK, va="bottom")
    _color_bar(figure, inches)


def _color_bar(figure: Figure, inches: _Inches) -> None:
    left = _MARGIN + _TEXT + 2 * (_PANEL + _GAP)
    axes = figure.add_axes(inches(left, 0.36, _PANEL, 0.1))
    bar = figure.colorbar(ScalarMappable(Normalize(0.0, 1.0), _COLORS), cax=axes, orientation="horizontal")
    bar.set_ticks([0.0, 0.5, 1.0], labels=["0", "0.5", "1"])
    bar.ax.tick_params(labelsize=7, length=2, color=MUTED, labelcolor=MUTED, pad=1.5)
    first, _, last = bar.ax.get_xticklabels()
    first.set(ha="left")
    last.set(ha="right")
    bar.outline.set_visible(False)
    x, y = inches(left, 0.32, 0, 0)[:2]
    figure.text(x, y, "heat, hottest pixel of each image at 1", fontsize=6.5, color=MUTED, va="bottom")


def _say(axes: Axes, row: HeatRow, height: float) -> None:
    axes.set_axis_off()
    wrong = row.predicted != row.true
    lines: list[tuple[str, float, str, str]] = [
        *((line, 7.5, INK, "bold") for line in _two_lines(row.id)),
        (f"true: {_shortened(row.true)}", 8.0, INK, "normal"),
        (
            f"predicted: {_shortened(row.predicted)}",
            8.0,
            _WRONG if wrong else INK,
            "bold" if wrong else "normal",
        ),
    ]
    if wrong:
        lines.append(("\N{BALLOT X} wrong", 8.5, _WRONG, "bold"))
    lines.append((f"heat for: {_shortened(row.target)}", 8.0, MUTED, "normal"))
    lines.append((f"its probability: {row.probability:.2f}", 8.0, MUTED, "normal"))
    for number, (text, size, color, weight) in enumerate(lines):
        at = 1.0 - (0.02 + 0.175 * number) / height
        literal(
            axes.text(
                0.0,
                at,
                text,
                transform=axes.transAxes,
                va="top",
                fontsize=size,
                color=color,
                fontweight=weight,
            )
        )


def _show(axes: Axes, row: HeatRow, column: int) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    if column == 0:
        axes.imshow(row.image, interpolation="nearest")
    elif column == 1:
        axes.imshow(row.heat, cmap=_COLORS, vmin=0.0, vmax=1.0, interpolation="nearest")
        if not row.heat.any():
            axes.text(
                0.5,
                0.5,
                "no heat",
                transform=axes.transAxes,
                ha="center",
                va="center",
                fontsize=8,
                color="white",
            )
    else:
        axes.imshow(blend(row.image, row.heat), interpolation="nearest")
    if column == 0 and row.predicted != row.true:
        height, width = row.heat.shape
        axes.add_patch(
            Rectangle(
                (-0.5, -0.5),
                width,
                height,
                fill=False,
                edgecolor=_WRONG,
                linewidth=2.4,
                linestyle=(0, (4, 2)),
                clip_on=False,
            )
        )


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _two_lines(text: str) -> list[str]:
    """Break a long id, after a folder or a word where both parts then fit."""
    text = _shortened(text, 2 * _LONGEST)
    if len(text) <= _LONGEST:
        return [text]
    breaks = [place + 1 for mark in "/_- " if (place := text.rfind(mark, 0, _LONGEST)) >= 0]
    place = next((place for place in breaks if len(text) - place <= _LONGEST), _LONGEST)
    return [text[:place], text[place:]]


def _shortened(text: str, longest: int = 18) -> str:
    """Leave out the middle of what is too long: names differ at their ends."""
    text = plain(text)
    if len(text) <= longest:
        return text
    head = longest // 2 - 1
    return f"{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[head + 1 - longest :]}"
