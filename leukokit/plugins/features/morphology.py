"""Size and shape of white cells and their nuclei."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import numpy as np
from pydantic import model_validator

from leukokit.api import (
    CELL,
    NUCLEUS,
    FeatureExtractor,
    Field,
    FloatArray,
    Labels,
    Params,
    Planes,
    PluginError,
    Scale,
    Status,
)
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate_columns, named_values
from leukokit.plugins.features._shapes import shapes, values_of
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


class MorphologyParams(Params):
    """Parameters of :class:`Morphology`."""

    measures: Distinct[ShapeMeasure] = Field(
        tuple(ShapeMeasure), description="What is measured on each nucleus and each cell."
    )
    aggregates: Distinct[Aggregate] = Field(
        (Aggregate.MEAN, Aggregate.STD, Aggregate.MAX),
        description="How the values of all cells of an image become one number.",
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


class Morphology(FeatureExtractor):
    """Size, shape and N/C ratios of white cells, aggregated over an image.

    Features: ``morphology_nucleus_count``, ``morphology_cell_count``; then
    ``morphology_<nucleus|cell>_<measure>[_<unit>]_<aggregate>``, such as ``morphology_cell_area_um2_mean``,
    with area (``um2``, ``rc`` for areas of a red cell, ``px2``), diameter (of the circle with that area) and
    perimeter (``um``, ``rc`` for diameters of a red cell, ``px``), and without unit eccentricity (of the
    ellipse with the same second moments, 0 for a circle), solidity (area over area of the convex hull) and
    roundness (4 pi area / perimeter squared; near 1 for a disk, above it for disks of few pixels); last
    ``morphology_nc_area_ratio_<aggregate>`` and ``morphology_nc_diameter_ratio_<aggregate>``: nucleus over
    whole cell, 0..1, 0 for a cell without nucleus.

    Where no cell was found, counts are 0 and the others NaN. Where the scale of the image is not known,
    lengths and areas in um and red cells are NaN; ``pixel_size_um`` sets one scale for all images.

    Notes
    -----
    Definitions of ``skimage.measure.regionprops``; perimeter after Benkrid and Crookes. Measures: paper,
    section 5.1.3.
    """

    Params = MorphologyParams
    params: MorphologyParams
    revision = 2

    def __init__(self, params: MorphologyParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.unit is not LengthUnit.PX and self.params.pixel_size_um is None

    def roles(self) -> tuple[str, ...]:
        """Nucleus and cell."""
        return PARTS

    def names(self) -> tuple[str, ...]:
        """List counts, then nuclei, cells and ratios."""
        measured = [
            f"{part}_{self._with_unit(measure)}" for part in PARTS for measure in self.params.measures
        ]
        columns = [*measured, "nc_area_ratio", "nc_diameter_ratio"]
        counts = tuple(f"morphology_{part}_count" for part in PARTS)
        return counts + tuple(
            f"morphology_{column}_{how}" for column in columns for how in self.params.aggregates
        )

    def nullable(self) -> frozenset[str]:
        """All but the counts: a white cell may lack its nucleus in the labels."""
        return frozenset(self.names()[len(PARTS) :])

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Measure nuclei and cells; of the image only its scale is used.

        Raises
        ------
        PluginError
            Where there are no labels of nuclei and cells.
        """
        if labels is None or any(part not in labels.roles for part in PARTS):
            raise PluginError(
                "morphology measures nucleus and cell labels, and they were not given",
                hint="Add a segment step that makes both",
            )
        if labels.status is not Status.OK:
            names = self.names()
            return named_values(names, [0.0] * len(PARTS) + [math.nan] * (len(names) - len(PARTS)))
        shapes_of = {part: shapes(labels.roles[part]) for part in PARTS}
        per_px = self._per_px(planes.scale)
        columns = [
            values_of(shapes_of[part], measure.value) * per_px.get(measure, 1.0)
            for part in PARTS
            for measure in self.params.measures
        ]
        ratio = _nucleus_shares(labels)
        columns += [ratio, np.sqrt(ratio)]
        values = [float(len(shapes_of[part])) for part in PARTS]
        values += aggregate_columns(columns, self.params.aggregates)
        return named_values(self.names(), values)

    def _with_unit(self, measure: ShapeMeasure) -> str:
        if measure is ShapeMeasure.AREA:
            return f"{measure}_{self.params.unit.area}"
        return f"{measure}_{self.params.unit.length}" if measure in _LENGTHS else measure.value

    def _per_px(self, image_scale: Scale) -> Mapping[ShapeMeasure, float]:
        """Size of a px, or a px2, in the unit, for the measures that have one."""
        um, unit = self.params.pixel_size_um, self.params.unit
        scale = image_scale if um is None else Scale.of_pixel_size(um)
        length = unit.per_px(scale)
        return {ShapeMeasure.AREA: unit.per_px2(scale), **dict.fromkeys(_LENGTHS, length)}


def _nucleus_shares(labels: Labels) -> FloatArray:
    """Area of each nucleus divided by the area of the cell with the same id."""
    cell_areas = np.bincount(labels.cell.ravel())
    own = labels.nucleus[(labels.nucleus > 0) & (labels.nucleus == labels.cell)]
    nucleus_areas = np.bincount(own, minlength=len(cell_areas))
    present = np.flatnonzero(cell_areas[1:]) + 1
    return nucleus_areas[present] / cell_areas[present]
