"""Size and shape of white cells and their nuclei."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

import numpy as np

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
    Status,
)
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate, by_name
from leukokit.plugins.features._shapes import Shape, shapes

PARTS = (NUCLEUS, CELL)


class Measure(StrEnum):
    """What is measured on each nucleus and each cell."""

    AREA = "area"
    DIAMETER = "diameter"
    PERIMETER = "perimeter"
    ECCENTRICITY = "eccentricity"
    SOLIDITY = "solidity"
    ROUNDNESS = "roundness"


# Powers of the pixel size that a measure scales with; the rest have no unit.
_POWERS = {Measure.AREA: 2, Measure.DIAMETER: 1, Measure.PERIMETER: 1}


class MorphologyParams(Params):
    """Parameters of :class:`Morphology`."""

    measures: Distinct[Measure] = Field(
        tuple(Measure), description="What is measured on each nucleus and each cell."
    )
    aggregates: Distinct[Aggregate] = Field(
        (Aggregate.MEAN, Aggregate.STD, Aggregate.MAX),
        description="How the values of all cells of an image become one number.",
    )
    pixel_size_um: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Width of a pixel, in um; lengths and areas are in px where it is not given.",
    )


class Morphology(FeatureExtractor):
    """Size, shape and N/C ratios of white cells, aggregated over an image.

    Features: ``morphology_nucleus_count``, ``morphology_cell_count``; then
    ``morphology_<nucleus|cell>_<measure>[_<unit>]_<aggregate>``, such as ``morphology_cell_area_px2_mean``,
    with area in px2 (um2 where ``pixel_size_um`` is given), diameter (of the circle with that area) and
    perimeter in px (um), and without unit eccentricity (of the ellipse with the same second moments, 0 for a
    circle), solidity (area over area of the convex hull) and roundness (4 pi area / perimeter squared; near 1
    for a disk, above it for disks of few pixels); last ``morphology_nc_area_ratio_<aggregate>`` and
    ``morphology_nc_diameter_ratio_<aggregate>``: nucleus over whole cell, 0..1, 0 for a cell without nucleus.

    Where nothing was found, counts are 0 and the others NaN.

    Notes
    -----
    Definitions of ``skimage.measure.regionprops``; perimeter after Benkrid and Crookes. Measures: paper,
    section 5.1.3.
    """

    Params = MorphologyParams
    params: MorphologyParams

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

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure nuclei and cells; the image plays no part.

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
        columns = [self._values(measure, found[part]) for part in PARTS for measure in self.params.measures]
        ratio = _nucleus_shares(labels)
        columns += [ratio, np.sqrt(ratio)]
        values = [float(len(found[part])) for part in PARTS]
        values += [aggregate(column, how) for column in columns for how in self.params.aggregates]
        return by_name(self.names(), values)

    def _with_unit(self, measure: Measure) -> str:
        power = _POWERS.get(measure, 0)
        unit = "px" if self.params.pixel_size_um is None else "um"
        return measure.value if power == 0 else f"{measure}_{unit}{'' if power == 1 else power}"

    def _values(self, measure: Measure, of: list[Shape]) -> FloatArray:
        scale = (self.params.pixel_size_um or 1.0) ** _POWERS.get(measure, 0)
        return np.array([getattr(shape, measure.value) for shape in of], dtype=np.float64) * scale


def _nucleus_shares(labels: Labels) -> FloatArray:
    """Share of each cell that its nucleus, which bears the same id, takes."""
    cell_areas = np.bincount(labels.cell.ravel())
    own = labels.nucleus[(labels.nucleus > 0) & (labels.nucleus == labels.cell)]
    nucleus_areas = np.bincount(own, minlength=len(cell_areas))
    present = np.flatnonzero(cell_areas[1:]) + 1
    return nucleus_areas[present] / cell_areas[present]
