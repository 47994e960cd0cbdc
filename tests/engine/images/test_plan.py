"""A plan asks its components once, and knows which labels each extractor reads."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from leukokit.api import (
    CELL,
    CellColumn,
    CellFeatureExtractor,
    CellParams,
    Dataset,
    FeatureExtractor,
    Labels,
    Planes,
    PluginError,
    RGBImage,
    Sample,
    Segmenter,
    Status,
)
from leukokit.engine.images.plan import FeatureStep, ImagePlan, Item, SegmentStep
from leukokit.engine.images.plan_building import with_cells
from leukokit.engine.images.work import process_batch
from leukokit.engine.io.reading import ReadOptions


class Counted(FeatureExtractor):
    """Counts how often it is asked for its names."""

    asked = 0

    def names(self) -> tuple[str, ...]:
        type(self).asked += 1
        return ("mean", "std")

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        return {"mean": float(planes.rgb.mean()), "std": float(planes.rgb.std())}


class Whole(Segmenter):
    """Takes the whole image for one cell."""

    def roles(self) -> tuple[str, ...]:
        return (CELL,)

    def segment(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> Labels:
        return Labels({CELL: np.ones(image.shape[:2], dtype=np.int32)}, Status.OK)


class Area(FeatureExtractor):
    """Counts the pixels of cells."""

    def roles(self) -> tuple[str, ...]:
        return (CELL,)

    def names(self) -> tuple[str, ...]:
        return ("area",)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        del planes
        assert labels is not None
        return {"area": float(np.count_nonzero(labels.cell))}


class Pallor(CellFeatureExtractor):
    """Measures a column that leukokit measures, too."""

    Params = CellParams

    def columns(self) -> tuple[CellColumn, ...]:
        return (CellColumn("pallor", "", "Another pallor."),)


def test_a_column_of_cells_that_is_there_already_is_refused() -> None:
    """The message names the step and the column."""
    segment = SegmentStep("segment.whole", Whole(), "labels", seeded=False)
    step = FeatureStep("features.0.pallor", Pallor(), "pallor", seeded=False, labels_from=segment)
    plan = ImagePlan(Gray(), ReadOptions(), (), segment, (step,), 0, False, False, None)
    with pytest.raises(PluginError, match=r"features\.0\.pallor measures a column 'pallor'"):
        with_cells(plan)
    assert with_cells(replace(plan, features=())).cells is not None


class Gray(Dataset):
    """Renders gray images."""

    def render(self, sample: Sample) -> RGBImage:
        return np.full((40, 40, 3), 99, dtype=np.uint8)


def test_names_are_asked_for_once_however_many_images_and_workers() -> None:
    """Not for an image, a batch, the table's columns, or a worker that gets the plan."""
    Counted.asked = 0
    step = FeatureStep("features.0.counted", Counted(), "key", seeded=False)
    plan = ImagePlan.of_files(Gray(), ReadOptions(), (step,), None)
    assert plan.columns() == ["mean", "std"]
    unpickled = pickle.loads(pickle.dumps(plan))  # noqa: S301 - our own bytes
    for same_plan in (plan, unpickled, plan):
        outcomes = process_batch(same_plan, [Item(i, Sample(f"{i}"), f"{i}") for i in range(4)])
        assert [outcome.rejection for outcome in outcomes] == [None] * 4
    assert unpickled.columns() == ["mean", "std"]
    assert Counted.asked == 1


def test_an_extractor_that_reads_labels_gets_them_from_the_segmenter_of_its_step() -> None:
    """And one that reads none gets none, though the plan segments."""
    segment = SegmentStep("segment.whole", Whole(), "segment", seeded=False)
    reads = FeatureStep("features.0.area", Area(), "area", seeded=False, labels_from=segment)
    ignores = FeatureStep("features.1.counted", Counted(), "counted", seeded=False)
    plan = replace(ImagePlan.of_files(Gray(), ReadOptions(), (ignores,), None), segment=segment)
    (outcome,) = process_batch(replace(plan, features=(reads, ignores)), [Item(0, Sample("a"), "a")])
    assert outcome.rejection is None
    assert outcome.features is not None
    assert outcome.features.tolist() == [1600.0, 99.0, 0.0]
    assert outcome.computed == {segment.id, reads.id, ignores.id}
    (outcome,) = process_batch(plan, [Item(0, Sample("a"), "a")])
    assert outcome.computed == {ignores.id}
