"""The stain of every image as it is on disk: color of the image and of its background, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leukokit.api import Dataset, FeatureExtractor, FloatArray, Labels, Planes
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import FeatureStep, ImagePlan, Item, pixels_key
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer
from leukokit.smear.color import BACKGROUND_NAMES, COLOR_NAMES, background_color, color_traits

STEP = "stain"
NAMES = (*COLOR_NAMES, *BACKGROUND_NAMES)


class StainOfImage(FeatureExtractor):
    """Mean and standard deviation of L, a, b over the image, and their medians over the background."""

    revision = 1  # raised when the same image gets other numbers

    def names(self) -> tuple[str, ...]:
        """Columns, in the order of the table."""
        return NAMES

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure one image."""
        values = np.concatenate([color_traits(planes.lab), background_color(planes.lab)])
        return dict(zip(NAMES, values.tolist(), strict=True))


def stain_rows(
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    *,
    store: Store | None,
    executor: Executor,
    observer: Observer,
) -> FloatArray:
    """Measure all images: float64 n x 9, in levels of 0..255; NaN where an image cannot be read."""
    component = StainOfImage()
    key = digest("stain", component.revision, pixels_key(reading), code_digest(__name__))
    step = FeatureStep(STEP, component, key, seeded=False)
    plan = ImagePlan.of_files(dataset, reading, step, store)
    images = run_image_stage(plan, items, executor, observer, name="measuring the stain")
    rows = images.features.reindex([item.sample.id for item in items])
    return rows.to_numpy(dtype=np.float64)
