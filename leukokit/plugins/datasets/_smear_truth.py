"""Ground truth of a scene: label images of nuclei, cells, red cells and platelets, and a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, PLATELET, RED_CELL, LabelImage, Labels, Status
from leukokit.plugins.datasets._smear_geometry import (
    Bar,
    coverage,
    outline_window,
    platelet_sprites,
    red_sprites,
    sprite_windows,
)
from leukokit.plugins.datasets._smear_scene import Scene
from leukokit.plugins.datasets._smear_stock import Stock


@dataclass(frozen=True, slots=True)
class TrueCell:
    """One visible cell or platelet of a synthetic smear; ``pandas.DataFrame(cells)`` makes a table.

    Attributes
    ----------
    role : str
        ``cell``, ``red_cell`` or ``platelet``: the label image that contains it.
    id : int
        Its id in that label image.
    kind : str
        The class for lymphoid cells of the class; ``neutrophil``, ``lymphocyte``, ``monocyte`` or
        ``eosinophil`` for other white cells; the role for red cells and platelets.
    x, y : float
        Center of its visible part, in px.
    area_px, nucleus_area_px : int
        Visible px of the cell, nucleus included, and of its nucleus (0 where it has none).
    whole : bool
        False where it touches the border of the image.
    """

    role: str
    id: int
    kind: str
    x: float
    y: float
    area_px: int
    nucleus_area_px: int
    whole: bool


def truth(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> Labels:
    """Label images of a scene, without the parts that a scale bar hides."""
    numbered = _label_images_of(scene, stock, size, bar)
    # Cytoplasm whose nucleus is not visible has no N/C ratio, so it is no cell.
    white = _renumbering(numbered[NUCLEUS], len(scene.white))
    tables = {
        NUCLEUS: white,
        CELL: white,
        RED_CELL: _renumbering(numbered[RED_CELL], len(scene.red)),
        PLATELET: _renumbering(numbered[PLATELET], len(scene.platelets)),
    }
    roles = {role: table[numbered[role]] for role, table in tables.items()}
    for role in roles.values():
        role.setflags(write=False)
    return Labels(roles, Status.OK if white.any() else Status.NO_CELL)


def cells(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> Sequence[TrueCell]:
    """White cells, red cells and platelets of a scene, with role and id as in ``truth``."""
    numbered = _label_images_of(scene, stock, size, bar)
    nuclei = np.bincount(numbered[NUCLEUS].ravel(), minlength=len(scene.white) + 1)
    true_cells: list[TrueCell] = []
    for role, kinds in (
        (CELL, [cell.kind for cell in scene.white]),
        (RED_CELL, [RED_CELL] * len(scene.red)),
        (PLATELET, [PLATELET] * len(scene.platelets)),
    ):
        labels = numbered[role]
        areas = np.bincount(labels.ravel(), minlength=len(kinds) + 1)
        rows, columns = np.nonzero(labels)
        at = labels[rows, columns]
        middles = [np.bincount(at, weights=place, minlength=len(kinds) + 1) for place in (columns, rows)]
        rim = set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).tolist())
        visible = nuclei if role == CELL else areas
        for id_, number in enumerate(np.flatnonzero(visible[1:]) + 1, start=1):
            x, y = (float(middle[number] / areas[number]) for middle in middles)
            nucleus = int(nuclei[number]) if role == CELL else 0
            kind, whole = kinds[number - 1], int(number) not in rim
            true_cells.append(TrueCell(role, id_, kind, x, y, int(areas[number]), nucleus, whole))
    return true_cells


def _label_images_of(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> dict[str, LabelImage]:
    """Label images by role, with the positions of the parts in the scene, from 1."""
    red = np.zeros((size, size), dtype=np.int32)
    _stamp(red, scene.red, stock.covers[red_sprites(scene, stock)], stock.scale)
    platelet = np.zeros_like(red)
    _stamp(platelet, scene.platelets, stock.platelet_covers[platelet_sprites(scene)], stock.scale)
    nucleus, cell = np.zeros_like(red), np.zeros_like(red)
    for number, white in enumerate(scene.white, start=1):
        box = outline_window(white.outline, stock.scale, size)
        if box is None:
            continue
        body = coverage((white.outline,), box, stock.scale) >= 0.5
        core = (coverage(white.lobes, box, stock.scale) >= 0.5) & body
        cell[box][body] = number
        nucleus[box][body] = 0
        nucleus[box][core] = number
    red[cell > 0] = 0
    platelet[cell > 0] = 0
    numbered = {NUCLEUS: nucleus, CELL: cell, RED_CELL: red, PLATELET: platelet}
    if bar is not None:
        hidden = bar.opacity > 0.5
        for role in numbered.values():
            role[bar.patch_window(size)][hidden] = 0
    return numbered


def _stamp(labels: LabelImage, placed: NDArray[np.float64], covers: NDArray[np.bool_], scale: float) -> None:
    """Write the numbers of sprites where they cover the image; later ones lie on earlier ones."""
    for number, (image_window, sprite_window) in enumerate(
        sprite_windows(placed, scale, covers.shape, len(labels))
    ):
        labels[image_window][covers[number][sprite_window]] = number + 1


def _renumbering(labels: LabelImage, count: int) -> NDArray[np.int32]:
    """Table from old ids to new ones: 1, 2, 3 ... for visible objects, 0 for the others."""
    visible = np.bincount(labels.ravel(), minlength=count + 1) > 0
    visible[0] = False
    table: NDArray[np.int32] = (np.cumsum(visible) * visible).astype(np.int32)
    return table
