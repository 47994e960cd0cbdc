"""Number, size, shape and pallor of red cells, and how many of them touch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from leukokit.api import (
    RED_CELL,
    Aggregate,
    CellColumn,
    CellFeatureExtractor,
    CellParams,
    Cells,
    FloatArray,
)


class RedCellsParams(CellParams):
    """Parameters of :class:`RedCells`."""


class RedCells(CellFeatureExtractor):
    """Red cells, measured one by one and aggregated over an image.

    Features: ``red_cells_count``; ``red_cells_touching_mean``, the share that touches another red cell
    (clumping: gaps of up to a tenth of a red cell's diameter count as touching); then
    ``red_cells_<measure>_<aggregate>`` of ``diameter_um`` (of the circle of the same area),
    ``diameter_rc`` (over the red-cell diameter of the image's scale: its ``std`` tells how uneven their
    sizes are), ``roundness`` (4 pi area / perimeter squared, 1 for a disk), ``eccentricity`` and
    ``pallor`` (how much paler the center is than the ring around it: 0 evenly stained, 1 as pale as glass).

    Cells that the border cuts count, and are not measured. Red cells whose outlines cannot be told apart
    count as one. ``diameter_um`` and ``diameter_rc`` are NaN where the scale of the image is not known.

    Notes
    -----
    Diameter, pallor and shape are what a smear review grades as anisocytosis, hypochromia and poikilocytosis:
    Palmer et al. 2015, doi 10.1111/ijlh.12327.
    """

    Params = RedCellsParams
    params: RedCellsParams
    revision = 2
    objects: ClassVar[str] = RED_CELL
    uses_scale = True

    def columns(self) -> tuple[CellColumn, ...]:
        """Count and touching, then what is measured of whole cells."""
        return (
            CellColumn("red_cells", "", "1 for each red cell.", (Aggregate.COUNT,)),
            CellColumn("red_cells_touching", "", "1 where it touches another one.", (Aggregate.MEAN,)),
            CellColumn("red_cells_diameter_um", "um", "Diameter of the circle of the same area."),
            CellColumn("red_cells_diameter_rc", "rc", "The same over the red-cell diameter of the scale."),
            CellColumn("red_cells_roundness", "", "4 pi area / perimeter squared."),
            CellColumn("red_cells_eccentricity", "", "0 for a circle, 1 for a line."),
            CellColumn("red_cells_pallor", "", "0 evenly stained, 1 with a center as pale as glass."),
        )

    def measure(self, cells: Cells) -> Mapping[str, FloatArray]:
        """Measure every red cell that the border does not cut."""
        scale = cells.planes.scale
        diameter = cells.values(RED_CELL, "diameter")
        of_whole = {
            "diameter_um": diameter * scale.um_per_px,
            "diameter_rc": diameter / (scale.red_cell_px if scale.known else np.nan),
            "roundness": cells.values(RED_CELL, "roundness"),
            "eccentricity": cells.values(RED_CELL, "eccentricity"),
            "pallor": cells.pallor,
        }
        cut = cells.at_border(RED_CELL)
        return {
            "red_cells": np.ones(len(diameter)),
            "red_cells_touching": (cells.red_neighbors(RED_CELL) > 0).astype(np.float64),
            **{f"red_cells_{name}": np.where(cut, np.nan, values) for name, values in of_whole.items()},
        }
