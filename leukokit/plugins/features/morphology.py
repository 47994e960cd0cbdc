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
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate, by_name
from leukokit.plugins.features._shapes import Shape, shapes
from leukokit.plugins.features._units import UNIT_DESCRIPTION, Unit

PARTS = (NUCLEUS, CELL)


class Measure(StrEnum):
    """What is measured on each nucleus and each cell."""

    AREA = "area"
    DIAMETER = "diameter"
    PERIMETER = "perimeter"
    ECCENTRICITY = "eccentricity"
    SOLIDITY = "solidity"
    ROUNDNESS = "roundness"


_LENGTHS = (Measure.DIAMETER, Measure.PERIMETER)  # AREA is an area, the rest have no unit


class MorphologyParams(Params):
    """Parameters of :class:`Morphology`."""

    measures: Distinct[Measure] = Field(
        tuple(Measure), description="What is measured on each nucleus and each cell."
    )
    aggregates: Distinct[Aggregate] = Field(
        (Aggregate.MEAN, Aggregate.STD, Aggregate.MAX),
        description="How the values of all cells of an image become one number.",
    )
    unit: Unit = Field(Unit.UM, description=UNIT_DESCRIPTION)
    pixel_size_um: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Width of a pixel, in um, in place of the scale of the image.",
    )

    @model_validator(mode="after")
    def _no_size_of_px(self) -> Self:
        if self.unit is Unit.PX and self.pixel_size_um is not None:
            raise ValueError(
                f"pixel_size_um ({self.pixel_size_um:g}) says nothing where `unit: px`; use `unit: um` or "
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

    Where nothing was found, counts are 0 and the others NaN. Where the scale of the image is not known,
    lengths and areas in um and red cells are NaN; ``pixel_size_um`` gives it to all images.

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
        self.uses_scale = self.params.unit is not Unit.PX and self.params.pixel_size_um is None

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
        """Measure nuclei and cells; of the image, only its scale plays a part.

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
            return by_name(names, [0.0] * len(PARTS) + [math.nan] * (len(names) - len(PARTS)))
        found = {part: shapes(labels.roles[part]) for part in PARTS}
        per_px = self._per_px(planes.scale)
        columns = [
            self._values(measure, found[part]) * per_px.get(measure, 1.0)
            for part in PARTS
            for measure in self.params.measures
        ]
        ratio = _nucleus_shares(labels)
        columns += [ratio, np.sqrt(ratio)]
        values = [float(len(found[part])) for part in PARTS]
        values += [aggregate(column, how) for column in columns for how in self.params.aggregates]
        return by_name(self.names(), values)

    def _with_unit(self, measure: Measure) -> str:
        if measure is Measure.AREA:
            return f"{measure}_{self.params.unit.area}"
        return f"{measure}_{self.params.unit.length}" if measure in _LENGTHS else measure.value

    def _per_px(self, of_image: Scale) -> Mapping[Measure, float]:
        """Size of a px, or a px2, in the unit, for the measures that have one."""
        um, unit = self.params.pixel_size_um, self.params.unit
        scale = of_image if um is None else Scale.of_pixel_size(um)
        length = unit.per_px(scale)
        return {Measure.AREA: unit.per_px2(scale), **dict.fromkeys(_LENGTHS, length)}

    def _values(self, measure: Measure, of: list[Shape]) -> FloatArray:
        return np.array([getattr(shape, measure.value) for shape in of], dtype=np.float64)


def _nucleus_shares(labels: Labels) -> FloatArray:
    """Share of each cell that its nucleus, which bears the same id, takes."""
    cell_areas = np.bincount(labels.cell.ravel())
    own = labels.nucleus[(labels.nucleus > 0) & (labels.nucleus == labels.cell)]
    nucleus_areas = np.bincount(own, minlength=len(cell_areas))
    present = np.flatnonzero(cell_areas[1:]) + 1
    return nucleus_areas[present] / cell_areas[present]
