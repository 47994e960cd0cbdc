"""A plan asks its components once."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import numpy as np

from leukokit.api import Dataset, FeatureExtractor, Labels, Planes, RGBImage, Sample
from leukokit.engine.images.plan import ImagePlan, ImageStep, Item, Stage
from leukokit.engine.images.work import process_batch
from leukokit.engine.io.reading import ReadOptions
from leukokit.plugins.preprocess.median import Median


class Counted(FeatureExtractor):
    """Counts how often it is asked for its names."""

    asked = 0

    def names(self) -> tuple[str, ...]:
        type(self).asked += 1
        return ("mean", "std")

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        return {"mean": float(planes.rgb.mean()), "std": float(planes.rgb.std())}


class Gray(Dataset):
    """Renders gray images."""

    def render(self, sample: Sample) -> RGBImage:
        return np.full((40, 40, 3), 99, dtype=np.uint8)


def test_names_are_asked_for_once_however_many_images_and_workers() -> None:
    """Not for an image, a batch, the table's columns, or a worker that gets the plan."""
    Counted.asked = 0
    step = ImageStep("features.0.counted", Stage.FEATURES, Counted(), "key", seeded=False)
    plan = ImagePlan.of_files(Gray(), ReadOptions(), step, None)
    assert plan.columns() == ["mean", "std"]
    there = pickle.loads(pickle.dumps(plan))  # noqa: S301 - our own bytes
    for some in (plan, there, plan):
        outcomes = process_batch(some, [Item(i, Sample(f"{i}"), f"{i}") for i in range(4)])
        assert [each.rejection for each in outcomes] == [None] * 4
    assert there.columns() == ["mean", "std"]
    assert Counted.asked == 1


def test_what_is_no_extractor_has_no_names() -> None:
    """A step of another stage has none to ask for."""
    step = ImageStep("preprocess.0.median", Stage.PREPROCESS, Median.create(), "key", seeded=False)
    assert step.names() == ()
    assert step.promise is None
