"""Size and shape of white cells and their nuclei."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import numpy as np
from pydantic import model_validator

from leukokit.api import (
    CELL,
    NUCLEUS,
    Aggregate,
    CellColumn,
    CellFeatureExtractor,
    CellParams,
    Cells,
    Distinct,
    Field,
    FloatArray,
    Scale,
)
from leukokit.plugins.features._units import UNIT_DESCRIPTION, LengthUnit

PARTS = (NUCLEUS, CELL)


class ShapeMeasure(StrEnum):
    """What is measured on each nucleus and each cell."""

    AREA = "area"
    DIAMETER = "diameter"
    PERIMETER = "perimeter"
    ECCENTRICITY = "eccentricity"
    SOLIDITY = "solidity"
    ROUNDNESS = "roundness"


_LENGTHS = (ShapeMeasure.DIAMETER, ShapeMeasure.PERIMETER)  # AREA is an area, the rest have no unit


class MorphologyParams(CellParams):
    """Parameters of :class:`Morphology`."""

    measures: Distinct[ShapeMeasure] = Field(
        tuple(ShapeMeasure), description="What is measured on each nucleus and each cell."
    )
    unit: LengthUnit = Field(LengthUnit.UM, description=UNIT_DESCRIPTION)
    pixel_size_um: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Width of a pixel, in um, in place of the scale of the image.",
    )

    @model_validator(mode="after")
    def _no_size_of_px(self) -> Self:
        if self.unit is LengthUnit.PX and self.pixel_size_um is not None:
            raise ValueError(
                f"pixel_size_um ({self.pixel_size_um:g}) has no effect with `unit: px`; use `unit: um` or "
                "`unit: red_cell`"
            )
        return self


class Morphology(CellFeatureExtractor):
    """Size, shape and N/C ratios of white cells, aggregated over an image.

    Features: ``morphology_nucleus_count``, ``morphology_cell_count``; then
    ``morphology_<nucleus|cell>_<measure>[_<unit>]_<aggregate>``, such as ``morphology_cell_area_um2_mean``,
    with area (``um2``, ``rc`` for areas of a red cell, ``px2``), diameter (of the circle with that area) and
    perimeter (``um``, ``rc`` for diameters of a red cell, ``px``), and without unit eccentricity (of the
    ellipse with the same second moments, 0 for a circle), solidity (area over area of the convex hull) and
    roundness (4 pi area / perimeter squared; 1 for a disk, above it for objects of few pixels); last
    ``morphology_nc_area_ratio_<aggregate>`` and ``morphology_nc_diameter_ratio_<aggregate>``: nucleus over
    whole cell, 0..1, 0 for a cell without nucleus.

    Where no cell was found, counts are 0 and the others NaN. Where the scale of the image is not known,
    lengths and areas in um and red cells are NaN; ``pixel_size_um`` sets one scale for all images.

    Notes
    -----
    Definitions of ``skimage.measure.regionprops``; perimeter by Crofton's formula (Legland et al. 2007, doi
    10.5566/ias.v26.p83-92), right within 2 % for round outlines. Measures: paper, section 5.1.3.
    """

    Params = MorphologyParams
    params: MorphologyParams
    revision = 3

    def __init__(self, params: MorphologyParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.unit is not LengthUnit.PX and self.params.pixel_size_um is None

    def roles(self) -> tuple[str, ...]:
        """Nucleus and cell."""
        return PARTS

    def columns(self) -> tuple[CellColumn, ...]:
        """List counts, then nuclei, cells and ratios."""
        counts = (
            CellColumn(f"morphology_{part}", "", f"1 where there is a {part}.", (Aggregate.COUNT,))
            for part in PARTS
        )
        measured = (
            CellColumn(
                f"morphology_{part}_{self._with_unit(measure)}",
                self._unit(measure),
                f"{measure.capitalize()} of the {part}.",
            )
            for part in PARTS
            for measure in self.params.measures
        )
        ratios = (
            CellColumn("morphology_nc_area_ratio", "", "Area of the nucleus over that of the cell."),
            CellColumn("morphology_nc_diameter_ratio", "", "Square root of the ratio of areas."),
        )
        return (*counts, *measured, *ratios)

    def measure(self, cells: Cells) -> Mapping[str, FloatArray]:
        """Measure nuclei and cells; of the image only its scale is used."""
        per_px = self._per_px(cells.planes.scale)
        order = {place.id: row for row, place in enumerate(cells.places(CELL))}
        rows = {part: [order[place.id] for place in cells.places(part)] for part in PARTS}

        def of_part(part: str, values: FloatArray | float) -> FloatArray:
            column = np.full(len(order), np.nan)
            column[rows[part]] = values
            return column

        ratio = _nucleus_shares(cells)
        columns = [
            *(of_part(part, 1.0) for part in PARTS),
            *(
                of_part(part, cells.values(part, measure.value) * per_px.get(measure, 1.0))
                for part in PARTS
                for measure in self.params.measures
            ),
            ratio,
            np.sqrt(ratio),
        ]
        return dict(zip((column.name for column in self.columns()), columns, strict=True))

    def _with_unit(self, measure: ShapeMeasure) -> str:
        if measure is ShapeMeasure.AREA:
            return f"{measure}_{self.params.unit.area}"
        return f"{measure}_{self.params.unit.length}" if measure in _LENGTHS else measure.value

    def _unit(self, measure: ShapeMeasure) -> str:
        if measure is ShapeMeasure.AREA:
            return self.params.unit.area
        return self.params.unit.length if measure in _LENGTHS else ""

    def _per_px(self, image_scale: Scale) -> Mapping[ShapeMeasure, float]:
        """Size of a px, or a px2, in the unit, for the measures that have one."""
        um, unit = self.params.pixel_size_um, self.params.unit
        scale = image_scale if um is None else Scale.of_pixel_size(um)
        length = unit.per_px(scale)
        return {ShapeMeasure.AREA: unit.per_px2(scale), **dict.fromkeys(_LENGTHS, length)}


def _nucleus_shares(cells: Cells) -> FloatArray:
    """Area of each nucleus divided by the area of the cell with the same id; 0 without nucleus."""
    ids = (place.id for place in cells.places(NUCLEUS))
    areas = dict(zip(ids, cells.values(NUCLEUS, "area"), strict=True))
    own = np.array([areas.get(place.id, 0.0) for place in cells.places(CELL)], dtype=np.float64)
    return own / cells.values(CELL, "area")
