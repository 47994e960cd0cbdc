"""Segmentations on the page: pictures cut out of the overlay sheet, with their words as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from leukokit.report.figure_file import read_figure
from leukokit.report.html.environment import data_uri
from leukokit.report.html.figures import Slice
from leukokit.report.sheet_panels import KEY, Box, SheetPanels

BUDGET = 700_000
"""Bytes of all pictures."""
_QUALITIES = ((1.0, 66), (0.8, 55), (0.6, 45))
"""Share of the size on the sheet, and WebP quality: the first that fits is taken."""
_WIDE = 500
"""Px of a picture on the sheet from which it shows a wide field."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One segmented image.

    Attributes
    ----------
    address : Markup
    reason, found, caption : str
    failed : bool
    """

    address: Markup
    reason: str
    found: str
    caption: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Overlay:
    """All of a sheet.

    Attributes
    ----------
    legend : Slice or None
        With its width in CSS px.
    roles : sequence of str
        What the legend says.
    rows : sequence of sequences of Panel
        As on the sheet, such as a row for each class.
    wide : bool
        True where the pictures are wide fields, which need more room.
    bytes : int
        Of all pictures.
    """

    legend: Slice | None
    roles: Sequence[str]
    rows: Sequence[Sequence[Panel]]
    wide: bool
    bytes: int


def overlay_of(path: Path, budget: int = BUDGET, *, root: Path | None = None) -> Overlay | None:
    """Cut the pictures out of a sheet; None where it does not tell where they are, or they do not fit.

    Parameters
    ----------
    path : Path
        The sheet.
    budget : int
        Bytes of all pictures.
    root : Path, optional
        The run directory, which the sheet may not lead out of; its own folder where omitted.
    """
    root = root or path.parent
    figure = read_figure(root, path.relative_to(root).as_posix())
    if figure is None:
        return None
    shown, sheet = SheetPanels.of_text(figure.texts.get(KEY, "")), figure.image
    if shown is None or not shown.panels or not all(_inside(panel.box, sheet) for panel in shown.panels):
        return None
    for share, quality in _QUALITIES:
        pictures = [_webp(sheet.crop(panel.box), share, quality) for panel in shown.panels]
        size = sum(map(len, pictures))
        if size <= budget:
            break
    else:
        return None
    cards = [
        (panel.row, Panel(data_uri(picture), panel.reason, panel.found, panel.caption, panel.failed))
        for panel, picture in zip(shown.panels, pictures, strict=True)
    ]
    rows = [[card for _, card in group] for _, group in groupby(cards, key=lambda one: one[0])]
    legend = None
    if shown.legend is not None and _inside(shown.legend, sheet):
        cut = sheet.crop(shown.legend)
        content = _webp(cut, 1.0, 80)
        # The sheet has 150 px an inch, the page 96.
        legend = Slice(data_uri(content), round(cut.width * 0.64), round(cut.height * 0.64))
    wide = max(right - left for left, _, right, _ in (panel.box for panel in shown.panels)) > _WIDE
    return Overlay(legend, shown.roles, rows, wide, size)


def _inside(box: Box, sheet: Image.Image) -> bool:
    left, top, right, bottom = box
    return 0 <= left < right <= sheet.width and 0 <= top < bottom <= sheet.height


def _webp(picture: Image.Image, share: float, quality: int) -> bytes:
    picture.thumbnail((picture.width * share, picture.height * share), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()
