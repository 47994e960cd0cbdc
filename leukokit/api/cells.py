"""Cells one by one: what is known of the cells of an image, and extractors that measure each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar

import numpy as np

from leukokit.api.aggregates import Aggregate, aggregate_columns, aggregate_names
from leukokit.api.features import FeatureExtractor
from leukokit.api.labels import CELL, NUCLEUS, PLATELET, RED_CELL, Labels, Status
from leukokit.api.params import Distinct, Field, Params
from leukokit.api.planes import Planes
from leukokit.arrays import FloatArray, LabelImage
from leukokit.errors import PluginError
from leukokit.smear.objects.red_cells import central_pallor, count_neighbors, glass_level
from leukokit.smear.objects.shapes import Place, Shape, places, shape_at, values_of

_COUNTED = frozenset({CELL, NUCLEUS})
"""Roles of white cells: measured only where the segmentation is ``ok``."""


@dataclass(frozen=True, slots=True)
class CellColumn:
    """A column of a table of cells.

    Attributes
    ----------
    name : str
    unit : str
        Such as ``um``, ``um2``, ``px``, ``px2`` or ``bit``; empty where there is none.
    description : str
    aggregates : tuple of Aggregate, optional
        How it becomes features of an image; as the parameter ``aggregates`` says where None.
    """

    name: str
    unit: str
    description: str
    aggregates: tuple[Aggregate, ...] | None = None


class Cells:
    """The cells of one image, shared by all that measure them; every measure is taken once.

    Parameters
    ----------
    planes : Planes
        The image.
    labels : Labels
        Its label images, of the same height and width.
    """

    def __init__(self, planes: Planes, labels: Labels) -> None:
        self.planes = planes
        self.labels = labels
        self._places = cache(self._find_places)
        self._shapes = cache(self._measure_shapes)

    def places(self, role: str) -> tuple[Place, ...]:
        """Ids and boxes of the objects of a role, in the order of their ids.

        White cells and nuclei are only given where the status of the segmentation is ``ok``; without label
        image of the role there are none.
        """
        return self._places(role)

    def shapes(self, role: str) -> tuple[Shape, ...]:
        """Shape of each of the ``places``."""
        return self._shapes(role)

    def values(self, role: str, attribute: str) -> FloatArray:
        """One attribute of all ``shapes``, float64 (n,)."""
        return values_of(self.shapes(role), attribute)

    def at_border(self, role: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each of the ``places`` touches the border of the image, bool (n,)."""
        shape = self.planes.rgb.shape
        return np.array([place.at_border(shape) for place in self.places(role)], dtype=np.bool_)

    @cached_property
    def red_cell_px(self) -> float:
        """Diameter of a red cell, px: that of the scale, or else the median of the labeled ones; or NaN."""
        if self.planes.scale.known:
            return self.planes.scale.red_cell_px
        diameters = self.values(RED_CELL, "diameter")
        return float(np.median(diameters)) if len(diameters) else float("nan")

    def red_neighbors(self, role: str) -> FloatArray:
        """Red cells beside each object of a role, float64 (n,); NaN where no red cells were labeled."""
        red = self.labels.roles.get(RED_CELL)
        if red is None:
            return np.full(len(self.places(role)), np.nan)
        if role == RED_CELL:
            return self._touching
        return count_neighbors(self.labels.roles[role], self.places(role), red, self.red_cell_px)

    @cached_property
    def _touching(self) -> FloatArray:
        red = self.labels.red_cell
        return count_neighbors(red, self.places(RED_CELL), red, self.red_cell_px)

    @cached_property
    def pallor(self) -> FloatArray:
        """Central pallor of each red cell, float64 (n,): 0 for none, 1 for a center as pale as glass."""
        labeled = [self.labels.roles[role] > 0 for role in (CELL, RED_CELL, PLATELET) if self._has(role)]
        green = np.ascontiguousarray(self.planes.rgb[..., 1])
        glass = glass_level(green, np.logical_or.reduce(labeled))
        return central_pallor(self.labels.red_cell, self.places(RED_CELL), green, glass)

    def _has(self, role: str) -> bool:
        return role in self.labels.roles

    def _find_places(self, role: str) -> tuple[Place, ...]:
        hidden = role in _COUNTED and self.labels.status is not Status.OK
        return () if hidden or not self._has(role) else tuple(places(self._label_image(role)))

    def _measure_shapes(self, role: str) -> tuple[Shape, ...]:
        return tuple(shape_at(self._label_image(role), place) for place in self.places(role))

    def _label_image(self, role: str) -> LabelImage:
        label_image = self.labels.roles[role]
        expected = self.planes.rgb.shape[:2]
        if label_image.shape != expected:
            raise PluginError(
                f"the {role!r} label image has shape {label_image.shape}, the image {expected}",
                hint="A segmenter must return label images of the image's height and width",
            )
        return label_image


class CellParams(Params):
    """Parameters of every extractor that measures cells one by one."""

    aggregates: Distinct[Aggregate] = Field(
        (Aggregate.MEAN, Aggregate.STD, Aggregate.MAX),
        description="How the values of all cells of an image become its features.",
    )


class CellFeatureExtractor(FeatureExtractor):
    """Measures every cell of an image; the engine makes features of the image of them, and a table of cells.

    A subclass says which ``columns`` it measures, and measures them. The engine keeps what was measured: with
    ``cells: true`` a recipe writes the columns into ``cells.parquet``, one row a cell.

    Attributes
    ----------
    objects : str
        Role of the label image whose objects are the rows: ``cell``, ``red_cell`` or ``platelet``.
    """

    objects: ClassVar[str] = CELL
    params: CellParams

    def roles(self) -> tuple[str, ...]:
        """Role of the rows."""
        return (self.objects,)

    def columns(self) -> tuple[CellColumn, ...]:
        """Columns that ``measure`` gives; they depend on the parameters only."""
        raise NotImplementedError

    def measure(self, cells: Cells) -> Mapping[str, FloatArray]:
        """Measure the cells of one image.

        Parameters
        ----------
        cells : Cells
            The image, its label images, and what was measured on them before.

        Returns
        -------
        mapping of str to float64 array (n,)
            Each of ``columns()``, a value for each of ``cells.places(self.objects)``; NaN where a cell has
            none, which is left out of the aggregates.
        """
        raise NotImplementedError

    def names(self) -> tuple[str, ...]:
        """Columns, each with its aggregates."""
        return tuple(
            name for column in self.columns() for name in aggregate_names([column.name], self._how(column))
        )

    def nullable(self) -> frozenset[str]:
        """All but counts: an image may have no cell with a value."""
        counts = {
            f"{column.name}_{Aggregate.COUNT}"
            for column in self.columns()
            if Aggregate.COUNT in self._how(column)
        }
        return frozenset(self.names()) - counts

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Measure the cells and aggregate the values.

        Raises
        ------
        PluginError
            Where a label image that is needed is absent.
        """
        absent = [role for role in self.roles() if labels is None or role not in labels.roles]
        if labels is None or absent:
            raise PluginError(
                f"{type(self).__name__} measures {' and '.join(absent)} labels, and they were not given",
                hint="Add a segment step that makes them",
            )
        return self.aggregated(self.measure(Cells(planes, labels)))

    def aggregated(self, measured: Mapping[str, FloatArray]) -> dict[str, float]:
        """Make the features of an image of what ``measure`` gave."""
        values: list[float] = []
        for column in self.columns():
            of_cells = measured[column.name]
            values += aggregate_columns([of_cells[~np.isnan(of_cells)]], self._how(column))
        return dict(zip(self.names(), values, strict=True))

    def _how(self, column: CellColumn) -> Sequence[Aggregate]:
        return self.params.aggregates if column.aggregates is None else column.aggregates
