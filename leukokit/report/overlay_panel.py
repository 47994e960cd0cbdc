"""One picture of an overlay sheet: outlines, numbers of cells, scale bar, and a red frame on failures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke
from PIL import Image

from leukokit.api import CELL, NUCLEUS, UNKNOWN_SCALE, Labels, RGBImage, Scale, Status
from leukokit.report._canvas import DPI
from leukokit.report.outlines import drawn_outlines, regions
from leukokit.report.overlay_style import TRUTH, ordered_roles, style_of
from leukokit.report.scale_bar import draw_scale_bar

PANEL = 2.5
"""Inches of a panel's width, unless it shows a wide field."""
FAILED = "#B00020"
FRAME = 0.035
"""Inches of a failure's frame."""
_TALLEST = 1.25
"""Height of a picture over its width from where it is made narrower instead of higher."""
_ROOM = 70.0
"""Panel px of a white cell from which outlines have their full width."""
_THINNEST = 0.42
"""Points; thinner lines fade away."""
_NUMBERED = 24.0
"""Panel px of a white cell that has room for its number."""
_MOST_NUMBERS = 40
_SPECK = 28.0
"""Px of a white cell in a panel of the common width, below which the panel is made twice as wide."""


@dataclass(frozen=True, slots=True)
class OverlayPanel:
    """A segmented image as an overlay sheet shows it.

    Attributes
    ----------
    picture : uint8 array, H x W x 3
        The image, or the image reduced to the pixels of its panel.
    labels : Labels
        Of the image, whatever the size of the picture.
    caption : str
        Such as its id; of a long one the middle is left out.
    reason : str
        Why it is shown, such as ``lowest Dice``; a heading above its caption.
    detail : str
        Numbers behind the reason, shown beside what was found.
    scale : Scale
        Of the image.
    truth : Labels or None
        True outlines of nuclei and cells, dotted below the others.
    shape : (int, int) or None
        Height and width of the image, px; None where the picture is the image.
    """

    picture: RGBImage
    labels: Labels
    caption: str
    reason: str = ""
    detail: str = ""
    scale: Scale = UNKNOWN_SCALE
    truth: Labels | None = None
    shape: tuple[int, int] | None = None

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the image and of its label images, px."""
        return self.shape or (self.picture.shape[0], self.picture.shape[1])


def panel_width(panels: Sequence[OverlayPanel]) -> float:
    """Inches of all panels of a sheet: twice ``PANEL`` for wide fields, whose white cells would be specks."""
    shares = [_cell_px(panel.labels) / max(panel.image_shape) for panel in panels]
    known = [share for share in shares if math.isfinite(share)]
    return 2 * PANEL if known and float(np.median(known)) * PANEL * DPI < _SPECK else PANEL


def panel_size(panel: OverlayPanel, width: float) -> tuple[float, float]:
    """Width and height of a picture in a panel of that width, in inches."""
    ratio = panel.image_shape[0] / panel.image_shape[1]
    return (width, width * ratio) if ratio <= _TALLEST else (width * _TALLEST / ratio, width * _TALLEST)


def reduced(image: RGBImage, size: tuple[float, float]) -> RGBImage:
    """Bring an image with more pixels than its panel to those of the panel; it then draws the same."""
    return _resampled(image, size) if _pixels(size)[0] < image.shape[1] else image


def draw_panel(axes: Axes, panel: OverlayPanel, size: tuple[float, float]) -> None:
    """Draw an image with its outlines.

    Parameters
    ----------
    axes : Axes
    panel : OverlayPanel
    size : (float, float)
        Width and height of ``axes``, in inches.
    """
    height, width = panel.image_shape
    labels = panel.labels
    shown = _resampled(panel.picture, size)
    axes.imshow(shown, interpolation="nearest", extent=(-0.5, width - 0.5, height - 0.5, -0.5), aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    failed = labels.status is not Status.OK
    # A hairline around the others: empty glass is as white as paper.
    axes.spines[:].set(color=FAILED if failed else "#C4C4C4", linewidth=72 * FRAME if failed else 0.6)
    longest = max(shown.shape)
    cell_px = _cell_px(labels) * longest / max(height, width)
    # Half as wide on cells of 12 px in a wide field: lines meant for a crop of one cell would cover them.
    share = float(np.clip(cell_px / _ROOM, 0.5, 1.0))
    layers = [(labels.roles[role], style_of(role)) for role in ordered_roles([labels])]
    if panel.truth is not None:
        true = panel.truth.roles
        layers = [(true[role], TRUTH) for role in (CELL, NUCLEUS) if role in true] + layers
    for drawn, style in layers:
        line_width = max(style.width * share, _THINNEST)
        lines = LineCollection(
            drawn_outlines(drawn, longest),
            colors=style.color,
            linewidths=line_width,
            linestyles=style.dashes,
            path_effects=style.effects(line_width),
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
                clip_on=True,
                color="white",
                path_effects=[withStroke(linewidth=1.5, foreground="#000000AA")],
            )
    if labels.roles:
        draw_scale_bar(axes, panel.scale, labels)


def _resampled(image: RGBImage, size: tuple[float, float]) -> RGBImage:
    """Bring an image to the pixels of its panel: averaged where it is larger, smooth where smaller."""
    width, height = _pixels(size)
    method = Image.Resampling.BOX if width < image.shape[1] else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(image).resize((width, height), method))


def _pixels(size: tuple[float, float]) -> tuple[int, int]:
    """Width and height of a panel, in px."""
    width, height = (max(1, round(inches * DPI)) for inches in size)
    return width, height


def _cell_px(labels: Labels) -> float:
    """Median diameter of white cells, in px; infinite where there is none."""
    cells = labels.roles.get(CELL, next(iter(labels.roles.values()), np.zeros((1, 1), np.int32)))
    areas = np.bincount(cells.ravel())[1:]
    areas = areas[areas > 0]
    return 2 * math.sqrt(float(np.median(areas)) / math.pi) if len(areas) else math.inf
