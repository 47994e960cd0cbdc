"""Measure images as they are on disk, before any preprocessing; an image is decoded once for all measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.api import Dataset, FeatureExtractor
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import FeatureStep, ImagePlan, Item, pixels_key
from leukokit.engine.images.stage import ImageTable, run_image_stage
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer


@dataclass(frozen=True, slots=True)
class FileMeasure:
    """A feature extractor of leukokit's own, which no recipe names.

    Attributes
    ----------
    step : str
        Name of the step.
    component : FeatureExtractor
        Its ``revision`` is raised when the same image gets other values.
    """

    step: str
    component: FeatureExtractor

    def key(self, reading: ReadOptions) -> str:
        """Digest of what the values depend on besides the image."""
        revision, code = self.component.revision, code_digest(type(self.component).__module__)
        return digest(self.step, revision, pixels_key(reading), code)


def measure_files(
    measures: Sequence[FileMeasure],
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    *,
    store: Store | None,
    executor: Executor,
    observer: Observer,
    name: str,
) -> ImageTable:
    """Measure all images, in one pass of the workers.

    Parameters
    ----------
    measures : sequence of FileMeasure
    dataset : Dataset
        Renders the images without a file.
    name : str
        What the stage is called in progress and journal.
    """
    steps = tuple(
        FeatureStep(measure.step, measure.component, measure.key(reading), seeded=False)
        for measure in measures
    )
    plan = ImagePlan.of_files(dataset, reading, steps, store)
    return run_image_stage(plan, items, executor, observer, name=name)
