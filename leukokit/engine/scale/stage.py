"""Measure the scale of every image as it is on disk, before any preprocessing, in one pass of the workers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leukokit.api import (
    UNKNOWN_SCALE,
    Dataset,
    FeatureExtractor,
    ImageRejected,
    Labels,
    Planes,
    Scale,
    ScaleSource,
)
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_samples.measured import images_of_cells, spread_to_cells
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.file_measures import FileMeasure, measure_files
from leukokit.engine.images.plan import Item, Rejection
from leukokit.engine.images.stage import ImageTable, StepCount
from leukokit.engine.io.reading import CHANGED, ReadOptions
from leukokit.engine.observer import Observer
from leukokit.smear.pool import snapped

STEP = "scale"
_NAMES = ("red_cell_px", "confidence", "source")
_SOURCES = tuple(ScaleSource)


class ScaleOfImage(FeatureExtractor):
    """The scale that an image's own red cells give it, as numbers that the cache can keep."""

    revision = 1  # raised when the same image gets another scale

    def names(self) -> tuple[str, ...]:
        """Columns, in the order of the table."""
        return _NAMES

    def nullable(self) -> frozenset[str]:
        """Name the diameter: an image without red cells has none."""
        return frozenset({"red_cell_px"})

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure one image."""
        from leukokit.api.smear import estimate_scale

        try:
            scale = estimate_scale(planes.rgb)
        except ImageRejected:  # too small to show a red cell; whether it can be used, other steps say
            scale = UNKNOWN_SCALE
        values = (scale.red_cell_px, scale.confidence, _SOURCES.index(scale.source))
        return dict(zip(_NAMES, map(float, values), strict=True))


SCALE = FileMeasure(STEP, ScaleOfImage())


@dataclass(frozen=True)
class OwnScales:
    """What each image says of its own scale.

    Attributes
    ----------
    scales : mapping of sample id to Scale
        Unknown where an image cannot be read.
    key : str
        Key of the step.
    count : StepCount
        How many were measured now, and how many came from the cache.
    changed : mapping of sample id to Rejection
        Images whose files were changed since their digest was taken: the run goes on without them,
        even if they are put back, since their scale could not be measured.
    """

    scales: Mapping[str, Scale]
    key: str
    count: StepCount
    changed: Mapping[str, Rejection] = field(default_factory=dict)


def own_scales(
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    *,
    fields: Mapping[str, Item],
    store: Store | None,
    executor: Executor,
    observer: Observer,
) -> OwnScales:
    """Measure all images; one that cannot be read, or crashes a worker, has an unknown scale.

    Parameters
    ----------
    fields : mapping of sample id to Item
        The whole images, where the items are cells: a cell has the scale of its image.
    """
    images = measure_files(
        (SCALE,),
        dataset,
        images_of_cells(items, fields),
        reading,
        store=store,
        executor=executor,
        observer=observer,
        name="measuring the scale",
    )
    return scales_in(spread_to_cells(images, items) if fields else images, items, reading)


def scales_in(images: ImageTable, items: Sequence[Item], reading: ReadOptions) -> OwnScales:
    """Take the scales out of a table of :data:`SCALE` and maybe other measures."""
    rows = images.features.loc[:, list(_NAMES)].to_numpy()
    measured = {
        id_: _scale(*values) for id_, values in zip(images.features.index, rows.tolist(), strict=True)
    }
    scales = {item.sample.id: measured.get(item.sample.id, UNKNOWN_SCALE) for item in items}
    changed = {item.sample.id: why for item, why in images.rejected if why.reason == CHANGED}
    return OwnScales(scales, SCALE.key(reading), images.counts[STEP], changed)


def _scale(px: float, confidence: float, source: float) -> Scale:
    return UNKNOWN_SCALE if math.isnan(px) else snapped(Scale(px, confidence, _SOURCES[int(source)]))
