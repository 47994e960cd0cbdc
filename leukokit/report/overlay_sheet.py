"""Contact sheet of segmentations: outlines of nuclei and cells over the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leukokit.api import UNKNOWN_SCALE, Labels, RGBImage, Scale
from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, literal, new_figure, plain, reserve, save_png
from leukokit.report._fitted_text import elided
from leukokit.report.overlay_caption import Caption
from leukokit.report.overlay_panel import PANEL, draw_panel, panel_size, panel_width
from leukokit.report.overlay_style import TRUTH, OutlineStyle, ordered_roles, role_words, style_of
from leukokit.report.sheet_panels import KEY, Box, SheetPanels

_GAP = 0.14
"""Inches between panels."""


def overlay_sheet(
    images: Sequence[RGBImage],
    labels_list: Sequence[Labels],
    captions: Sequence[str],
    path: Path,
    *,
    title: str = "Segmentation",
    note: str = "",
    reasons: Sequence[str] | None = None,
    details: Sequence[str] | None = None,
    scales: Sequence[Scale | None] | None = None,
    truths: Sequence[Labels | None] | None = None,
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
    images : sequence of uint8 arrays, H x W x 3
    labels_list : sequence of Labels
        Of the same heights and widths.
    captions : sequence of str
        Such as sample ids; what is too long is left out in the middle.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    note : str
        A line below the title.
    reasons : sequence of str, optional
        Why each image is shown, such as ``lowest Dice``; a heading above its caption.
    details : sequence of str, optional
        Numbers behind the reasons, shown beside what was found.
    scales : sequence of Scale or None, optional
        Of each image as it is given; unknown where omitted.
    truths : sequence of Labels or None, optional
        True outlines of nuclei and cells, dotted below the others.
    columns : int
        Panels in a row.
    row_lengths : sequence of int, optional
        Panels of every row, instead of ``columns``, such as a row for each class.
    stamp : str, optional
        Drawn as a band across the top, such as ``SYNTHETIC SMEARS``.

    Raises
    ------
    LeukokitError
        Where there is no image, or the sequences differ in length, or shapes differ.
    """
    if not len(images) == len(labels_list) == len(captions):
        raise LeukokitError(
            f"every image needs its labels and its caption: there are {len(images)} images, "
            f"{len(labels_list)} labels and {len(captions)} captions"
        )
    if not len(images):
        raise LeukokitError("there is no image to draw", hint="Give at least one")
    for name, given in (("reasons", reasons), ("details", details), ("scales", scales), ("truths", truths)):
        if given is not None and len(given) != len(images):
            raise LeukokitError(f"there are {len(images)} images, but {len(given)} {name}")
    for image, labels, caption in zip(images, labels_list, captions, strict=True):
        _check_shapes(image, labels, caption)
    true = list(truths) if truths else [None] * len(images)
    known = [scale or UNKNOWN_SCALE for scale in scales] if scales else [UNKNOWN_SCALE] * len(images)
    if row_lengths is None:
        whole, rest = divmod(len(images), max(1, columns))
        row_lengths = [*[max(1, columns)] * whole, *([rest] if rest else [])]
    panel = panel_width(images, labels_list)
    if panel > PANEL:  # half as many in a row
        row_lengths = [n for each in row_lengths for n in _halves(each)]
    rows = np.split(np.arange(len(images)), np.cumsum(row_lengths)[:-1])
    columns = max(row_lengths)
    width = max(columns * (panel + _GAP) + _GAP, 5.3)
    blank = [""] * len(images)
    # Text is measured on a figure of the right resolution before the sheet's height is known.
    ruler = new_figure(width, 1.0)
    texts = [
        Caption.of(ruler, panel, reason, detail, caption, labels)
        for reason, detail, caption, labels in zip(
            reasons or blank, details or blank, captions, labels_list, strict=True
        )
    ]
    sizes = [panel_size(image, panel) for image in images]
    tall = [max(sizes[i][1] + texts[i].height for i in row) + _GAP for row in rows]
    roles = ordered_roles(labels_list)
    head = 0.4 + (0.2 if note else 0.0) + (0.28 if roles or truths else 0.0)
    height = sum(tall) + head + 0.2 + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    _, top = reserve(figure, stamp)
    lines = [(role_words(role), style_of(role)) for role in roles]
    if any(each is not None for each in true):
        lines.append(("true outline", TRUTH))
    legend = _head(figure, top, title, note, lines)
    panels = []
    y = top * height - head
    for place, (row, row_height) in enumerate(zip(rows, tall, strict=True)):
        for column, i in enumerate(row):
            across, down = sizes[i]
            left = _GAP + column * (panel + _GAP)
            box = (left / width, (y - down) / height, across / width, down / height)
            axes = figure.add_axes(box)
            draw_panel(axes, images[i], labels_list[i], scale=known[i], truth=true[i], size=sizes[i])
            texts[i].draw(figure, left, y - down)
            panels.append(texts[i].told(_px(figure, box), place))
        y -= row_height
    told = SheetPanels(panels, legend, [name for name, _ in lines])
    save_png(figure, path, stamp, notes={KEY: told.text()})


def _check_shapes(image: RGBImage, labels: Labels, caption: str) -> None:
    for role, found in labels.roles.items():
        if found.shape != image.shape[:2]:
            raise LeukokitError(
                f"the label image {role!r} is {found.shape}, its image {image.shape[:2]}",
                where=plain(caption),
            )


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
        Line2D([], [], color=each.color, linewidth=2.4, linestyle=each.dashes, path_effects=each.effects(2.4))
        for _, each in lines
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
