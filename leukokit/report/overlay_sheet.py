"""Contact sheet of segmentations: outlines of nuclei and cells over the images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from leukokit.api import CELL, UNKNOWN_SCALE, Labels, RGBImage, Scale, Status
from leukokit.errors import LeukokitError
from leukokit.report._canvas import DPI, INK, MUTED, literal, new_figure, plain, reserve, save_png
from leukokit.report._fitted_text import elided, wrapped
from leukokit.report.outlines import drawn_outlines, regions
from leukokit.report.overlay_style import ordered_roles, role_words, style_of
from leukokit.report.scale_bar import draw_scale_bar
from leukokit.report.status_words import status_words

_PANEL = 2.5
"""Inches of a panel's width."""
_TALLEST = 1.25
"""Height of a picture over its width from where it is made narrower instead of higher."""
_GAP = 0.14
_LINE = 0.135
_BANNER = 0.16
_FAILED = "#B00020"
_FRAME = 0.035
_ROOM = 70.0
"""Panel px of a white cell from which outlines have their full width."""
_NUMBERED = 24.0
"""Panel px of a white cell that has room for its number."""
_MOST_NUMBERS = 40


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
    for name, given in (("reasons", reasons), ("details", details), ("scales", scales)):
        if given is not None and len(given) != len(images):
            raise LeukokitError(f"there are {len(images)} images, but {len(given)} {name}")
    for image, labels, caption in zip(images, labels_list, captions, strict=True):
        _check_shapes(image, labels, caption)
    known = [scale or UNKNOWN_SCALE for scale in scales] if scales else [UNKNOWN_SCALE] * len(images)
    if row_lengths is None:
        whole, rest = divmod(len(images), max(1, columns))
        row_lengths = [*[max(1, columns)] * whole, *([rest] if rest else [])]
    rows = np.split(np.arange(len(images)), np.cumsum(row_lengths)[:-1])
    columns = max(row_lengths)
    width = max(columns * (_PANEL + _GAP) + _GAP, 5.3)
    blank = [""] * len(images)
    # Text is measured on a figure of the right resolution before the sheet's height is known.
    ruler = new_figure(width, 1.0)
    texts = [
        _Texts.of(ruler, reason, detail, caption, labels)
        for reason, detail, caption, labels in zip(
            reasons or blank, details or blank, captions, labels_list, strict=True
        )
    ]
    tall = [max(_size(images[i])[1] + texts[i].height for i in row) + _GAP for row in rows]
    roles = ordered_roles(labels_list)
    head = 0.4 + (0.2 if note else 0.0) + (0.28 if roles else 0.0)
    height = sum(tall) + head + 0.2 + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    _, top = reserve(figure, stamp)
    _head(figure, top, title, note, roles)
    y = top * height - head
    for row, row_height in zip(rows, tall, strict=True):
        for column, i in enumerate(row):
            panel_width, panel_height = _size(images[i])
            left = _GAP + column * (_PANEL + _GAP)
            box = (left / width, (y - panel_height) / height, panel_width / width, panel_height / height)
            _panel(figure.add_axes(box), images[i], labels_list[i], known[i])
            texts[i].draw(figure, left, y - panel_height)
        y -= row_height
    save_png(figure, path, stamp)


class _Texts:
    """What stands below one panel, broken into lines that fit it."""

    def __init__(self, reason: list[str], caption: str, status: list[str], *, failed: bool) -> None:
        self._reason = reason
        self._caption = caption
        self._status = status
        self._failed = failed

    @classmethod
    def of(cls, ruler: Figure, reason: str, detail: str, caption: str, labels: Labels) -> _Texts:
        failed = labels.status is not Status.OK
        words = status_words(labels.status, labels.count)
        if detail:
            words += f"; {detail}"
        return cls(
            wrapped(ruler, plain(reason), _PANEL, size=8, bold=True),
            elided(ruler, plain(caption), _PANEL, size=7),
            wrapped(ruler, plain(words), _PANEL - (0.1 if failed else 0.0), size=7.5, bold=failed),
            failed=failed,
        )

    @property
    def height(self) -> float:
        """Inches below the picture."""
        line = _BANNER if self._failed else _LINE
        return 0.05 + _LINE * (len(self._reason) + 1) + line * len(self._status)

    def draw(self, figure: Figure, left: float, y: float) -> None:
        """Write below ``y``, in inches from the figure's lower left corner; a failure's banner first."""
        width, height = figure.get_size_inches()

        def write(text: str, at: float, inset: float = 0.0, **style: Any) -> None:
            literal(figure.text((left + inset) / width, at / height, text, va="top", **style))

        if self._failed:
            tall = _BANNER * len(self._status)
            figure.add_artist(
                Rectangle(
                    ((left - _FRAME / 2) / width, (y - tall) / height),
                    (_PANEL + _FRAME) / width,
                    tall / height,
                    transform=figure.transFigure,
                    facecolor=_FAILED,
                    edgecolor="none",
                )
            )
            for line in self._status:
                write(line, y - 0.03, 0.05, fontsize=7.5, fontweight="bold", color="white")
                y -= _BANNER
        y -= 0.05
        for line in self._reason:
            write(line, y, fontsize=8, fontweight="bold", color=INK)
            y -= _LINE
        if not self._failed:
            for line in self._status:
                write(line, y, fontsize=7.5, color=INK)
                y -= _LINE
        write(self._caption, y, fontsize=7, color=MUTED)


def _size(image: RGBImage) -> tuple[float, float]:
    """Width and height of a panel, in inches."""
    ratio = image.shape[0] / image.shape[1]
    return (_PANEL, _PANEL * ratio) if ratio <= _TALLEST else (_PANEL * _TALLEST / ratio, _PANEL * _TALLEST)


def _check_shapes(image: RGBImage, labels: Labels, caption: str) -> None:
    for role, found in labels.roles.items():
        if found.shape != image.shape[:2]:
            raise LeukokitError(
                f"the label image {role!r} is {found.shape}, its image {image.shape[:2]}",
                where=plain(caption),
            )


def _head(figure: Figure, top: float, title: str, note: str, roles: Sequence[str]) -> None:
    width, height = figure.get_size_inches()
    room = width - 2 * _GAP
    shown = elided(figure, plain(title), room, size=12)
    literal(figure.text(_GAP / width, top - 0.1 / height, shown, fontsize=12, color=INK, va="top"))
    if note:
        shown = elided(figure, plain(note), room, size=8)
        literal(figure.text(_GAP / width, top - 0.36 / height, shown, fontsize=8, color=MUTED, va="top"))
    if not roles:
        return
    styles = [style_of(role) for role in roles]
    handles = [
        Line2D([], [], color=each.color, linewidth=2.4, linestyle=each.dashes, path_effects=each.effects(2.4))
        for each in styles
    ]
    legend = figure.legend(
        handles,
        [plain(role_words(role)) for role in roles],
        loc="upper left",
        bbox_to_anchor=(_GAP / width, top - (0.5 if note else 0.3) / height),
        borderpad=0.3,
        borderaxespad=0.0,
        ncols=len(roles),
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


def _panel(axes: Axes, image: RGBImage, labels: Labels, scale: Scale) -> None:
    height, width = image.shape[:2]
    shown = _resampled(image)
    axes.imshow(shown, interpolation="nearest", extent=(-0.5, width - 0.5, height - 0.5, -0.5), aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    failed = labels.status is not Status.OK
    # A hairline around the others: empty glass is as white as paper.
    axes.spines[:].set(color=_FAILED if failed else "#C4C4C4", linewidth=72 * _FRAME if failed else 0.6)
    longest = max(shown.shape)
    cell_px = _cell_px(labels) * longest / max(height, width)
    # Half as wide on cells of 12 px in a wide field, which would drown in lines for a crop of one cell.
    share = float(np.clip(cell_px / _ROOM, 0.5, 1.0))
    for role in ordered_roles([labels]):
        style = style_of(role)
        lines = LineCollection(
            drawn_outlines(labels.roles[role], longest),
            colors=style.color,
            linewidths=style.width * share,
            linestyles=style.dashes,
            path_effects=style.effects(style.width * share),
        )
        axes.add_collection(lines)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    if 1 < labels.count <= _MOST_NUMBERS and cell_px >= _NUMBERED and CELL in labels.roles:
        for region in regions(labels.cell):
            y, x = region.centroid
            axes.text(
                x,
                y,
                str(region.label),
                ha="center",
                va="center",
                fontsize=6,
                color="white",
                path_effects=[withStroke(linewidth=1.5, foreground="#000000AA")],
            )
    if labels.roles:
        draw_scale_bar(axes, scale, labels)


def _resampled(image: RGBImage) -> RGBImage:
    """Bring an image to the pixels of its panel: averaged where it is larger, smooth where smaller."""
    size = tuple(max(1, round(inches * DPI)) for inches in _size(image))
    method = Image.Resampling.BOX if size[0] < image.shape[1] else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(image).resize((size[0], size[1]), method))


def _cell_px(labels: Labels) -> float:
    """Median diameter of white cells, in px; infinite where there is none."""
    found = labels.roles.get(CELL, next(iter(labels.roles.values()), np.zeros((1, 1), np.int32)))
    areas = np.bincount(found.ravel())[1:]
    areas = areas[areas > 0]
    return 2 * math.sqrt(float(np.median(areas)) / math.pi) if len(areas) else math.inf
