"""Contact sheet of segmentations: outlines of nuclei and cells over the images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from skimage.measure import find_contours, regionprops

from leukokit.api import CELL, NUCLEUS, RED_CELL, LabelImage, Labels, RGBImage, Status
from leukokit.errors import LeukokitError
from leukokit.report._canvas import INK, MUTED, PALETTE, literal, new_figure, plain, reserve, save_png

_Style: TypeAlias = tuple[str, float, Literal["-", "--"]]

# Told apart by lightness as well as by hue, and by line style where printed in gray.
_STYLES: dict[str, _Style] = {
    RED_CELL: ("#56B4E9", 0.6, "-"),
    CELL: ("#D55E00", 1.1, "-"),
    NUCLEUS: ("#F0E442", 0.8, "-"),
}
_EXTRA_COLORS = ("#009E73", "#CC79A7", "#000000")
_STATUS_COLORS = {status: MUTED if status is Status.OK else PALETTE[4] for status in Status}
_PANEL_INCHES = 2.5


def overlay_sheet(
    images: Sequence[RGBImage],
    labels_list: Sequence[Labels],
    captions: Sequence[str],
    path: Path,
    *,
    title: str = "Segmentation",
    columns: int = 4,
    stamp: str | None = None,
) -> None:
    """Draw images with the outlines of their label images, one panel an image.

    Each object has its own outline, so touching cells are seen apart, and each white cell its id. Below a
    panel stand the caption, the status and the number of cells.

    Parameters
    ----------
    images : sequence of uint8 arrays, H x W x 3
    labels_list : sequence of Labels
        Of the same heights and widths.
    captions : sequence of str
        Such as sample ids.
    path : Path
        PNG file to write.
    title : str
        Shown above.
    columns : int
        Panels in a row.
    stamp : str, optional
        Drawn as a band across the top, such as ``SYNTHETIC SMEARS``.

    Raises
    ------
    LeukokitError
        Where there is no image, or the three sequences differ in length, or shapes differ.
    """
    if not len(images) == len(labels_list) == len(captions):
        raise LeukokitError(
            f"every image needs its labels and its caption: there are {len(images)} images, "
            f"{len(labels_list)} labels and {len(captions)} captions"
        )
    if not len(images):
        raise LeukokitError("there is no image to draw", hint="Give at least one")
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    width = max(columns * (_PANEL_INCHES + 0.12) + 0.12, 5.0)
    height = rows * (_PANEL_INCHES + 0.42) + 0.8 + (0.34 if stamp else 0.0)
    figure = new_figure(width, height)
    grid = figure.subplots(rows, columns, squeeze=False)
    bottom, top = reserve(figure, stamp)
    figure.subplots_adjust(
        left=0.12 / width,
        right=1 - 0.12 / width,
        bottom=bottom + 0.36 / height,
        top=top - 0.45 / height,
        wspace=0.12 / _PANEL_INCHES,
        hspace=0.42 / _PANEL_INCHES,
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, image, labels, caption in zip(grid.flat, images, labels_list, captions, strict=False):
        _panel(axes, image, labels, caption)

    literal(figure.text(0.12 / width, top - 0.1 / height, plain(title), fontsize=12, color=INK, va="top"))
    roles = _ordered_roles(labels_list)
    handles = [
        Line2D([], [], color=color, linewidth=2.5, linestyle=style, path_effects=[_casing(2.5)])
        for color, _, style in map(_style, roles)
    ]
    figure.legend(
        handles,
        [plain(role.replace("_", " ")) for role in roles],
        loc="upper right",
        bbox_to_anchor=(1 - 0.08 / width, top - 0.04 / height),
        ncols=len(roles),
        fontsize=9,
        frameon=False,
    )
    save_png(figure, path, stamp)


def outlines(labels: LabelImage) -> list[NDArray[np.float64]]:
    """Outlines of every object and hole, half way between its pixels and the next ones.

    Returns
    -------
    list of float64 arrays (n, 2)
        Closed lines, x and y in px.
    """
    lines = []
    for region in _regions(labels):
        lines += [
            line[:, ::-1] + (region.bbox[1] - 1, region.bbox[0] - 1)
            for line in find_contours(np.pad(region.image, 1).astype(np.float64), 0.5)  # type: ignore[no-untyped-call]
        ]
    return lines


def _panel(axes: Axes, image: RGBImage, labels: Labels, caption: str) -> None:
    height, width = image.shape[:2]
    axes.imshow(image, interpolation="nearest")
    for role in _ordered_roles([labels]):
        if labels.roles[role].shape != (height, width):
            raise LeukokitError(
                f"the label image {role!r} is {labels.roles[role].shape}, its image {(height, width)}",
                where=plain(caption),
            )
        color, line_width, style = _style(role)
        lines = LineCollection(
            outlines(labels.roles[role]), colors=color, linewidths=line_width, linestyles=style
        )
        if role != RED_CELL:
            lines.set_path_effects([_casing(line_width)])
        axes.add_collection(lines)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    if CELL in labels.roles:
        for region in _regions(labels.cell):
            y, x = region.centroid
            axes.text(
                x,
                y,
                str(region.label),
                ha="center",
                va="center",
                fontsize=6.5,
                color="white",
                path_effects=[withStroke(linewidth=1.6, foreground="#000000AA")],
            )
    count = labels.count
    below = f"{labels.status.value}, {count} cell{'' if count == 1 else 's'}"
    literal(
        axes.text(0.0, -0.02, plain(caption), transform=axes.transAxes, va="top", fontsize=7.5, color=INK)
    )
    axes.text(
        0.0,
        -0.075,
        below,
        transform=axes.transAxes,
        va="top",
        fontsize=7,
        color=_STATUS_COLORS[labels.status],
        fontweight="normal" if labels.status is Status.OK else "bold",
    )


def _regions(labels: LabelImage) -> list[Any]:
    return list(regionprops(labels))  # type: ignore[no-untyped-call]


def _casing(line_width: float) -> withStroke:
    return withStroke(linewidth=line_width + 0.8, foreground="#00000088")


def _style(role: str) -> _Style:
    # A role of a plugin's own gets one of the other colors, by its name, whatever roles come along with it.
    return _STYLES.get(role, (_EXTRA_COLORS[sum(role.encode()) % len(_EXTRA_COLORS)], 1.0, "--"))


def _ordered_roles(labels_list: Sequence[Labels]) -> list[str]:
    """Roles in the order of drawing: nuclei last, over everything."""
    present = {role for labels in labels_list for role in labels.roles}
    return sorted(present - {CELL, NUCLEUS}) + [role for role in (CELL, NUCLEUS) if role in present]
