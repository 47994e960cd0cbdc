"""The truth of a scene: label images of its nuclei, cells, red cells and platelets, and a table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, PLATELET, RED_CELL, LabelImage, Labels, Status
from leukokit.plugins.datasets._smear_geometry import (
    Bar,
    cover,
    platelet_sprites,
    red_sprites,
    window,
    windows,
)
from leukokit.plugins.datasets._smear_scene import Scene
from leukokit.plugins.datasets._smear_stock import Stock


@dataclass(frozen=True, slots=True)
class TrueCell:
    """One cell or platelet that a synthetic smear shows; ``pandas.DataFrame(cells)`` makes a table of them.

    Attributes
    ----------
    role : str
        ``cell``, ``red_cell`` or ``platelet``: the label image that holds it.
    id : int
        Its number there.
    kind : str
        The class for its own lymphoid cells, ``neutrophil``, ``lymphocyte``, ``monocyte`` or ``eosinophil``
        for white cells beside them; the role for the others.
    x, y : float
        Center of what can be seen of it, in px.
    area_px, nucleus_area_px : int
        Px of the cell, nucleus included, and of its nucleus (0 where it has none).
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
    """Label images of a scene; what a scale bar hides is not there."""
    numbered = _numbered(scene, stock, size, bar)
    # A sliver of cytoplasm whose nucleus is out of sight has no N/C ratio, so it is no cell.
    white = _without_gaps(numbered[NUCLEUS], len(scene.white))
    tables = {
        NUCLEUS: white,
        CELL: white,
        RED_CELL: _without_gaps(numbered[RED_CELL], len(scene.red)),
        PLATELET: _without_gaps(numbered[PLATELET], len(scene.platelets)),
    }
    roles = {role: table[numbered[role]] for role, table in tables.items()}
    for role in roles.values():
        role.setflags(write=False)
    return Labels(roles, Status.OK if white.any() else Status.NO_CELL)


def cells(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> Sequence[TrueCell]:
    """White cells, red cells and platelets of a scene, by role and id as ``truth`` numbers them."""
    numbered = _numbered(scene, stock, size, bar)
    nuclei = np.bincount(numbered[NUCLEUS].ravel(), minlength=len(scene.white) + 1)
    found: list[TrueCell] = []
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
        seen = nuclei if role == CELL else areas
        for id_, number in enumerate(np.flatnonzero(seen[1:]) + 1, start=1):
            x, y = (float(middle[number] / areas[number]) for middle in middles)
            nucleus = int(nuclei[number]) if role == CELL else 0
            kind, whole = kinds[number - 1], int(number) not in rim
            found.append(TrueCell(role, id_, kind, x, y, int(areas[number]), nucleus, whole))
    return found


def _numbered(scene: Scene, stock: Stock, size: int, bar: Bar | None) -> dict[str, LabelImage]:
    """Label images by role, with the numbers that the scene's parts have there, from 1."""
    red = np.zeros((size, size), dtype=np.int32)
    _stamp(red, scene.red, stock.covers[red_sprites(scene, stock)], stock.scale)
    platelet = np.zeros_like(red)
    _stamp(platelet, scene.platelets, stock.platelet_covers[platelet_sprites(scene)], stock.scale)
    nucleus, cell = np.zeros_like(red), np.zeros_like(red)
    for number, white in enumerate(scene.white, start=1):
        box = window(white.outline, stock.scale, size)
        if box is None:
            continue
        body = cover((white.outline,), box, stock.scale) >= 0.5
        core = (cover(white.lobes, box, stock.scale) >= 0.5) & body
        cell[box][body] = number
        nucleus[box][body] = 0
        nucleus[box][core] = number
    red[cell > 0] = 0
    platelet[cell > 0] = 0
    numbered = {NUCLEUS: nucleus, CELL: cell, RED_CELL: red, PLATELET: platelet}
    if bar is not None:
        hidden = bar.opacity > 0.5
        for role in numbered.values():
            role[bar.window(size)][hidden] = 0
    return numbered


def _stamp(labels: LabelImage, placed: NDArray[np.float64], covers: NDArray[np.bool_], scale: float) -> None:
    """Write the numbers of what sprites about their places cover; later ones lie on earlier ones."""
    for number, (place, inner) in enumerate(windows(placed, scale, covers.shape, len(labels))):
        labels[place][covers[number][inner]] = number + 1


def _without_gaps(labels: LabelImage, count: int) -> NDArray[np.int32]:
    """Table from old ids to 1, 2, 3 ... of those that can be seen, and to 0 of those that cannot."""
    seen = np.bincount(labels.ravel(), minlength=count + 1) > 0
    seen[0] = False
    table: NDArray[np.int32] = (np.cumsum(seen) * seen).astype(np.int32)
    return table
