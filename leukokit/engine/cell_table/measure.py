"""Measure every cell of an image: place, size, shape, color, texture and neighbors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np

from leukokit.api import CELL, NUCLEUS, Cells, FloatArray, Scale
from leukokit.engine.cell_table.columns import CYTOPLASM, KINDS, REGIONS, CellKind
from leukokit.smear.objects.pixels import PixelMeasures, measure_pixels
from leukokit.smear.objects.shapes import Place

BORDER, WHOLE = 1.0, 0.0
"""Codes of ``status``."""


def measure_cells(cells: Cells, zoom: float) -> dict[CellKind, dict[str, FloatArray]]:
    """Measure the cells of one image.

    Parameters
    ----------
    zoom : float
        Width of the image over that of its file; NaN where that cannot be said.

    Returns
    -------
    dict of CellKind to dict of str to float64 array (n,)
        Columns of ``MEASURED_COLUMNS`` that apply to the kind; kinds without label image are left out.
    """
    return {kind: _of_kind(cells, kind, zoom) for kind in KINDS if kind.role in cells.labels.roles}


def cell_table(
    by_kind: Mapping[CellKind, Mapping[str, FloatArray]],
    further: Iterable[tuple[str, Mapping[str, FloatArray]]],
    names: Sequence[str],
) -> FloatArray:
    """Put everything that was measured into one table.

    Parameters
    ----------
    by_kind : mapping of CellKind to columns
        As :func:`measure_cells` gives them.
    further : iterable of (str, columns)
        Role of the rows, and what an extractor measured of them.
    names : sequence of str
        All columns, in order.

    Returns
    -------
    float64 array (n, len(names))
        White cells first, then red cells, then platelets, each by rising id; NaN where a column does not
        apply.
    """
    index = {name: column for column, name in enumerate(names)}
    blocks = []
    measured = list(further)
    for kind, columns in by_kind.items():
        block = np.full((len(columns["cell"]), len(names)), np.nan)
        for of_role in (columns, *(more for role, more in measured if role == kind.role)):
            for name, values in of_role.items():
                block[:, index[name]] = values
        blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, len(names)))


def _of_kind(cells: Cells, kind: CellKind, zoom: float) -> dict[str, FloatArray]:
    role = kind.role
    places = cells.places(role)
    columns = {
        "kind": np.full(len(places), float(KINDS.index(kind))),
        "cell": _numbers(place.id for place in places),
        "status": np.where(cells.at_border(role), BORDER, WHOLE),
        "zoom": np.full(len(places), zoom),
        "box_left": _numbers(place.columns.start for place in places),
        "box_top": _numbers(place.rows.start for place in places),
        "box_right": _numbers(place.columns.stop for place in places),
        "box_bottom": _numbers(place.rows.stop for place in places),
        "red_neighbors": cells.red_neighbors(role),
        **_shape_columns(cells, role, CELL),
        **_pixel_columns(cells, kind),
    }
    columns["centroid_x"] = columns["box_left"] + cells.values(role, "x")
    columns["centroid_y"] = columns["box_top"] + cells.values(role, "y")
    if kind is CellKind.WHITE and NUCLEUS in cells.labels.roles:
        columns |= _nucleus_columns(cells)
    if kind is CellKind.RED:
        columns["pallor"] = cells.pallor
    return columns


def _numbers(values: Iterable[int]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)


def _shape_columns(cells: Cells, role: str, region: str) -> dict[str, FloatArray]:
    """Size and shape of the objects of a role, under the name of a region."""
    scale = cells.planes.scale
    value = partial(cells.values, role)
    per_rc = 1 / scale.red_cell_px if scale.known else np.nan
    return {
        **_area_columns(region, value("area"), scale),
        f"{region}_diameter_px": value("diameter"),
        f"{region}_diameter_um": value("diameter") * scale.um_per_px,
        f"{region}_diameter_rc": value("diameter") * per_rc,
        f"{region}_perimeter_px": value("perimeter"),
        f"{region}_perimeter_um": value("perimeter") * scale.um_per_px,
        f"{region}_eccentricity": value("eccentricity"),
        f"{region}_solidity": value("solidity"),
        f"{region}_roundness": value("roundness"),
    }


def _area_columns(region: str, area: FloatArray, scale: Scale) -> dict[str, FloatArray]:
    return {f"{region}_area_px2": area, f"{region}_area_um2": area * scale.um_per_px**2}


def _nucleus_columns(cells: Cells) -> dict[str, FloatArray]:
    """Nucleus, cytoplasm and N/C of each white cell; NaN where a cell has no nucleus."""
    order = {place.id: row for row, place in enumerate(cells.places(CELL))}
    rows = [order[place.id] for place in cells.places(NUCLEUS)]
    columns = {}
    for name, values in _shape_columns(cells, NUCLEUS, NUCLEUS).items():
        columns[name] = np.full(len(order), np.nan)
        columns[name][rows] = values
    area = cells.values(CELL, "area")
    nucleus = np.zeros(len(order))
    nucleus[rows] = cells.values(NUCLEUS, "area")
    share = nucleus / area
    columns |= {"nc_area": share, "nc_diameter": np.sqrt(share)}
    return columns | _area_columns(CYTOPLASM, area - nucleus, cells.planes.scale)


def _pixel_columns(cells: Cells, kind: CellKind) -> dict[str, FloatArray]:
    """Color and texture: of nucleus, cytoplasm and cell of white cells, of the whole of others."""
    parted = kind is CellKind.WHITE and NUCLEUS in cells.labels.roles
    regions = REGIONS if parted else (CELL,)
    measured = [_pixels(cells, kind.role, place, parted=parted) for place in cells.places(kind.role)]
    return {
        f"{region}_{name}": np.array([of_cell[region][index] for of_cell in measured], dtype=np.float64)
        for region in regions
        for index, name in enumerate(PixelMeasures._fields)
    }


def _pixels(cells: Cells, role: str, place: Place, *, parted: bool) -> Mapping[str, PixelMeasures]:
    rgb, gray = cells.planes.rgb[place.box], cells.planes.gray[place.box]
    own = cells.labels.roles[role][place.box] == place.id
    masks = {CELL: own}
    if parted:
        nucleus = cells.labels.nucleus[place.box] == place.id
        masks |= {NUCLEUS: nucleus, CYTOPLASM: own & ~nucleus}
    return {region: measure_pixels(rgb, gray, mask) for region, mask in masks.items()}
