"""Contact sheet of segmentations: outlines of nuclei and cells over the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, literal, new_figure, plain, reserve, save_png
from leukokit.report._fitted_text import elided
from leukokit.report.overlay_caption import Caption
from leukokit.report.overlay_panel import PANEL, OverlayPanel, draw_panel, panel_size, panel_width
from leukokit.report.overlay_style import TRUTH, OutlineStyle, ordered_roles, role_words, style_of
from leukokit.report.sheet_panels import KEY, Box, SheetPanel, SheetPanels

_GAP = 0.14
"""Inches between panels."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything of a sheet lies, in inches.

    Attributes
    ----------
    rows : list of int arrays
        Numbers of the panels in each row.
    captions : list of Caption
        What stands below each panel.
    sizes : list of (float, float)
        Width and height of each picture.
    heights : list of float
        Of each row, captions and gap included.
    head : float
        Height of title, note and legend.
    """

    panel_width: float
    width: float
    rows: list[NDArray[np.int64]]
    captions: list[Caption]
    sizes: list[tuple[float, float]]
    heights: list[float]
    head: float


def overlay_sheet(
    panels: Sequence[OverlayPanel],
    path: Path,
    *,
    title: str = "Segmentation",
    note: str = "",
    columns: int = 4,
    row_lengths: Sequence[int] | None = None,
    stamp: str | None = None,
) -> None:
    """Draw images with the outlines of their label images, one panel an image.

    Each object has its own outline, so touching cells are seen apart; where there are several white cells,
    each has its id. Every picture carries a scale bar, or says that its scale is not known. Below a panel
    stand why it is shown, what was found, and its caption; failures have a red frame and a red banner.

    Parameters
    ----------
    panels : sequence of OverlayPanel
    path : Path
        PNG file to write.
    title : str
        Shown above.
    note : str
        A line below the title.
    columns : int
        Panels in a row.
    row_lengths : sequence of int, optional
        Panels of every row, instead of ``columns``, such as a row for each class.
    stamp : str, optional
        Drawn as a band across the top, such as ``SYNTHETIC SMEARS``.

    Raises
    ------
    LeukokitError
        Where there is no panel, or a label image has another shape than its image.
    """
    if not panels:
        raise LeukokitError("there is no image to draw", hint="Give at least one")
    for panel in panels:
        _check_shapes(panel)
    roles = ordered_roles(panel.labels for panel in panels)
    legend_lines = [(role_words(role), style_of(role)) for role in roles]
    if any(panel.truth is not None for panel in panels):
        legend_lines.append(("true outline", TRUTH))
    layout = _layout(panels, row_lengths or _rows_of(len(panels), columns), note, legend=bool(legend_lines))
    height = sum(layout.heights) + layout.head + 0.2 + (0.34 if stamp else 0.0)
    figure = new_figure(layout.width, height)
    _, top = reserve(figure, stamp)
    legend = _head(figure, top, title, note, legend_lines)
    drawn = _draw_panels(figure, panels, layout, top * height - layout.head)
    sheet = SheetPanels(drawn, legend, [name for name, _ in legend_lines])
    save_png(figure, path, stamp, notes={KEY: sheet.text()})


def _check_shapes(panel: OverlayPanel) -> None:
    for role, labels in panel.labels.roles.items():
        if labels.shape != panel.image_shape:
            raise LeukokitError(
                f"the label image {role!r} is {labels.shape}, its image {panel.image_shape}",
                where=plain(panel.caption),
            )


def _rows_of(count: int, columns: int) -> list[int]:
    """Lengths of the rows: as many panels as there are columns, the last row with the rest."""
    whole, rest = divmod(count, max(1, columns))
    return [*[max(1, columns)] * whole, *([rest] if rest else [])]


def _layout(
    panels: Sequence[OverlayPanel], row_lengths: Sequence[int], note: str, *, legend: bool
) -> _Layout:
    """Measure captions and pictures, which say how high each row is."""
    panel_inches = panel_width(panels)
    if panel_inches > PANEL:  # half as many in a row
        row_lengths = [half for length in row_lengths for half in _halves(length)]
    rows = np.split(np.arange(len(panels)), np.cumsum(row_lengths)[:-1])
    width = max(max(row_lengths) * (panel_inches + _GAP) + _GAP, 5.3)
    # Text is measured on a figure of the right resolution before the sheet's height is known.
    ruler = new_figure(width, 1.0)
    captions = [
        Caption.of(ruler, panel_inches, panel.reason, panel.detail, panel.caption, panel.labels)
        for panel in panels
    ]
    sizes = [panel_size(panel, panel_inches) for panel in panels]
    heights = [max(sizes[i][1] + captions[i].height for i in row) + _GAP for row in rows]
    head = 0.4 + (0.2 if note else 0.0) + (0.28 if legend else 0.0)
    return _Layout(panel_inches, width, rows, captions, sizes, heights, head)


def _draw_panels(
    figure: Figure, panels: Sequence[OverlayPanel], layout: _Layout, y: float
) -> list[SheetPanel]:
    """Draw all rows below ``y``, in inches from the lower edge; return where each picture lies."""
    width, height = figure.get_size_inches()
    drawn = []
    for place, (row, row_height) in enumerate(zip(layout.rows, layout.heights, strict=True)):
        for column, i in enumerate(row):
            across, down = layout.sizes[i]
            left = _GAP + column * (layout.panel_width + _GAP)
            box = (left / width, (y - down) / height, across / width, down / height)
            draw_panel(figure.add_axes(box), panels[i], layout.sizes[i])
            layout.captions[i].draw(figure, left, y - down)
            drawn.append(layout.captions[i].panel_record(_px(figure, box), place))
        y -= row_height
    return drawn


def _halves(count: int) -> list[int]:
    """Break a row of panels in two."""
    return [count] if count < 2 else [(count + 1) // 2, count // 2]


def _px(figure: Figure, box: tuple[float, float, float, float]) -> Box:
    """Turn left, bottom, width and height, as shares of the figure, into px from its upper left corner."""
    width, height = figure.bbox.size
    left, bottom, wide, high = box
    top = 1 - bottom - high
    return (
        round(left * width),
        round(top * height),
        round((left + wide) * width),
        round((top + high) * height),
    )


def _head(
    figure: Figure, top: float, title: str, note: str, lines: Sequence[tuple[str, OutlineStyle]]
) -> Box | None:
    """Draw title, note and legend; give the legend's place."""
    width, height = figure.get_size_inches()
    room = width - 2 * _GAP
    shown = elided(figure, plain(title), room, size=12)
    literal(figure.text(_GAP / width, top - 0.1 / height, shown, fontsize=12, color=INK, va="top"))
    if note:
        shown = elided(figure, plain(note), room, size=8)
        literal(figure.text(_GAP / width, top - 0.36 / height, shown, fontsize=8, color=MUTED, va="top"))
    if not lines:
        return None
    handles = [
        Line2D(
            [], [], color=style.color, linewidth=2.4, linestyle=style.dashes, path_effects=style.effects(2.4)
        )
        for _, style in lines
    ]
    legend = figure.legend(
        handles,
        [plain(name) for name, _ in lines],
        loc="upper left",
        bbox_to_anchor=(_GAP / width, top - (0.5 if note else 0.3) / height),
        borderpad=0.3,
        borderaxespad=0.0,
        ncols=len(lines),
        fontsize=8.5,
        columnspacing=1.6,
        # Of a red cell's shade, on which the lines look as they do in the pictures.
        facecolor="#EBD3DA",
        edgecolor="none",
        framealpha=1.0,
        handlelength=2.4,
    )
    for text in legend.get_texts():
        literal(text)
    drawn = legend.get_window_extent()
    high = figure.bbox.height
    return round(drawn.x0), round(high - drawn.y1), round(drawn.x1), round(high - drawn.y0)
