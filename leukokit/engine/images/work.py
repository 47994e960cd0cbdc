"""Carry out an image plan on a batch of images, in a worker; uses only its arguments and the cache.

The work goes backwards: cached features need no labels, cached labels need no pixels, and a file is decoded
only where a step needs its pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    UNKNOWN_SCALE,
    CellFeatureExtractor,
    Cells,
    FloatArray,
    Labels,
    Planes,
    RGBImage,
    Scale,
    ScaledPreprocessor,
    ScaledSegmenter,
    Status,
)
from leukokit.api.notes import kept_notes
from leukokit.engine.cache import serialization
from leukokit.engine.cache.keys import sample_seed
from leukokit.engine.cell_table.measure import cell_table, measure_cells
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.images.batch_rows import BatchRows
from leukokit.engine.images.kept_rows import kept_image, labels_of
from leukokit.engine.images.plan import (
    CellStep,
    FeatureStep,
    ImageOutcome,
    ImagePlan,
    ImageStage,
    ImageStep,
    Item,
    PreprocessStep,
    Rejection,
    SegmentStep,
)
from leukokit.engine.images.rejecting import rejection_of
from leukokit.engine.images.truth import compare_with_truth
from leukokit.engine.io import reading
from leukokit.engine.validation import checked_cells, checked_image, checked_labels, checked_vector
from leukokit.errors import RunFailed
from leukokit.evaluation.masks import Row
from leukokit.process import stop
from leukokit.smear.label_grid import resize_factor

T = TypeVar("T")


class StepFailed(Exception):
    """A step of one image ended in a rejection."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.rejection = rejection


class ImageTask:
    """The work on one image; every result is computed when it is first asked for, and once."""

    def __init__(self, plan: ImagePlan, item: Item, batch: BatchRows) -> None:
        self._plan = plan
        self._item = item
        self._batch = batch
        self.notes: tuple[str, ...] = ()
        self.computed: set[str] = set()
        self.reused: set[str] = set()
        self.seconds: dict[str, float] = {}
        self._labels: Labels | None = None
        self._cells_measured: dict[str, Mapping[str, FloatArray]] = {}

    @property
    def image(self) -> RGBImage:
        """The image after the last preprocessing step; of these only that one may be kept in the cache."""
        return self._prepared[0]

    @property
    def scale(self) -> Scale:
        """Scale of ``image``: that of the file, times how much larger preprocessing made it."""
        return self._scale_at(self._prepared[1])

    @cached_property
    def _prepared(self) -> tuple[RGBImage, float]:
        """The image, and how many times as wide as the file's it is; NaN where that cannot be said."""
        steps = self._plan.preprocess
        caches = bool(steps) and self._plan.keeps_images()
        resizes = not self._plan.keeps_shape()
        if caches:
            decode = partial(kept_image, resizes=resizes)
            kept = self._batch.decoded(steps[-1], self._item, decode)
            if kept is not None:
                self.reused.update(step.id for step in steps)
                return kept
        image, factor = self._timed("read", ImageStage.READ, self._read), 1.0
        for step in steps:
            before = image
            image = self._run(step, "apply", partial(self._apply, step, before, factor))
            factor *= resize_factor(before, image)
        if caches:
            stored_factor = factor if resizes else None
            self._batch.put(steps[-1], self._item, lambda: serialization.image_to_bytes(image, stored_factor))
        return image, factor

    def _scale_at(self, factor: float) -> Scale:
        scale = self._item.scale
        return UNKNOWN_SCALE if scale is None or math.isnan(factor) else scale.resized(factor)

    @cached_property
    def planes(self) -> Planes:
        """Color planes of the image, shared by all its features."""
        return Planes(self.image, self.scale)

    def labels(self, step: SegmentStep) -> Labels:
        """Label images; ``step`` is the plan's segmenter."""
        if self._labels is None:
            self._labels = self._cached_or_new_labels(step)
        return self._labels

    def _cached_or_new_labels(self, step: SegmentStep) -> Labels:
        kept = self._batch.decoded(step, self._item, partial(labels_of, step))
        if kept is not None:
            self.reused.add(step.id)
            return kept
        image = self.image
        labels = self._run(step, "segment", lambda: self._segment(step, image))
        self._batch.put(step, self._item, lambda: serialization.labels_to_bytes(labels))
        return labels

    def vector(self, step: FeatureStep) -> tuple[NDArray[np.float64], Status | None]:
        """One extractor's features, and the status of the labels that they were measured on."""
        schema = step.schema
        decode = partial(serialization.vector_from_bytes, columns=schema.columns, count=len(schema.names))
        kept = self._batch.decoded(step, self._item, decode)
        if kept is not None:
            self.reused.add(step.id)
            return kept
        labels = None if step.labels_from is None else self.labels(step.labels_from)
        planes = self.planes

        def extract() -> NDArray[np.float64]:
            component = step.component
            if isinstance(component, CellFeatureExtractor) and labels is not None:
                return checked_vector(component.aggregated(self._cells_by(step, component)), schema, labels)
            return checked_vector(component.extract(planes, labels), schema, labels)

        values = self._run(step, "extract", extract)
        status = labels.status if labels is not None else None
        encode = partial(serialization.vector_to_bytes, values, status, schema.columns)
        self._batch.put(step, self._item, encode)
        return values, status

    @cached_property
    def _cells(self) -> Cells:
        """Cells of the image, shared by all that measure them."""
        if self._plan.segment is None:
            raise ValueError("a plan without segmenter has no cells")
        return Cells(self.planes, self.labels(self._plan.segment))

    def _cells_by(self, step: FeatureStep, component: CellFeatureExtractor) -> Mapping[str, FloatArray]:
        """Give what an extractor measures of each cell."""
        if step.id not in self._cells_measured:
            measured = component.measure(self._cells)
            self._cells_measured[step.id] = checked_cells(measured, component, self._cells)
        return self._cells_measured[step.id]

    def cell_table(self, step: CellStep) -> FloatArray:
        """Table of the image's cells, (n, columns)."""
        columns = step.columns_key
        decode = partial(serialization.cells_from_bytes, columns=columns, width=len(step.names))
        kept = self._batch.decoded(step, self._item, decode)
        if kept is not None:
            self.reused.add(step.id)
            return kept
        cells, zoom = self._cells, self._prepared[1]
        further = {}
        for extractor in step.extractors:
            component = extractor.component
            if isinstance(component, CellFeatureExtractor):
                work = partial(self._cells_by, extractor, component)
                further[extractor.id] = component.objects, self._run(extractor, "measure", work)
        table = self._run(
            step, "measure", lambda: cell_table(measure_cells(cells, zoom), further.values(), step.names)
        )
        self._batch.put(step, self._item, lambda: serialization.cells_to_bytes(table, columns))
        return table

    def masks(self, step: SegmentStep, labels: Labels) -> Row | None:
        """Agreement of the labels of a step with ground truth, where there is any for this image."""

        def compare() -> Row | None:
            height, width = self.image.shape[:2]
            found = compare_with_truth(
                self._plan, self._item.sample, step, labels, shape=(height, width), factor=self._prepared[1]
            )
            self.notes += found.notes
            return found.row

        return self._timed("truth", ImageStage.TRUTH, compare)

    def _read(self) -> RGBImage:
        item, plan = self._item, self._plan
        image, notes = reading.pixels(plan.dataset, item.sample, item.key, plan.reading, self._batch.last)
        self.notes += notes
        return image

    def _apply(self, step: PreprocessStep, image: RGBImage, factor: float) -> RGBImage:
        component, rng = step.component, self._generator(step)
        if isinstance(component, ScaledPreprocessor):
            result = component.apply(image, rng=rng, scale=self._scale_at(factor))
        else:
            result = component.apply(image, rng=rng)
        return checked_image(result, image, keeps_shape=component.keeps_shape)

    def _segment(self, step: SegmentStep, image: RGBImage) -> Labels:
        component, rng = step.component, self._generator(step)
        if isinstance(component, ScaledSegmenter):
            labels = component.segment(image, rng=rng, scale=self.scale)
        else:
            labels = component.segment(image, rng=rng)
        return checked_labels(labels, component, image)

    def _generator(self, step: ImageStep) -> np.random.Generator | None:
        if not step.component.stochastic:
            return None
        return np.random.default_rng(sample_seed(self._plan.seed, step.id, self._item.sample.id))

    def _run(self, step: ImageStep, method: str, work: Callable[[], T]) -> T:
        def called() -> T:
            with ComponentCall(step.component, method, image=self._item.sample.id):
                return work()

        with kept_notes() as notes:
            result = self._timed(step.id, step.stage, called)
        self.notes += tuple(f"{step.id}: {text}" for text in dict.fromkeys(notes))
        self.computed.add(step.id)
        return result

    def _timed(self, step_id: str, stage: ImageStage, work: Callable[[], T]) -> T:
        started = perf_counter()
        component = step_id.rsplit(".", 1)[-1]
        name = stage.value if component == stage.value else f"{stage.value}:{component}"
        try:
            return work()
        except Exception as error:  # a plugin may raise anything; the image is named and the run goes on
            stop.check(error)  # compiled code may turn an interrupt into another error
            raise StepFailed(rejection_of(name, error)) from error
        finally:
            self.seconds[step_id] = perf_counter() - started


def process_batch(plan: ImagePlan, items: Sequence[Item]) -> list[ImageOutcome]:
    """Work on a batch; one outcome an item, in order. Its results are cached once it is done."""
    batch = BatchRows(plan, items)
    outcomes = []
    for item in items:
        outcomes.append(_process(plan, item, batch))
        stop.check()  # an interrupt that compiled code has dropped
    batch.flush()
    return outcomes


def _process(plan: ImagePlan, item: Item, batch: BatchRows) -> ImageOutcome:
    task = ImageTask(plan, item, batch)
    vectors: list[NDArray[np.float64]] = []
    status: Status | None = None
    masks: Row | None = None
    rejection: Rejection | None = None
    try:
        for step in plan.features:
            values, step_status = task.vector(step)
            vectors.append(values)
            status = step_status or status
        if plan.segment is not None and (plan.keep_labels or plan.score_masks):
            labels = task.labels(plan.segment)
            status = labels.status
            if plan.score_masks:
                masks = task.masks(plan.segment, labels)
        if plan.cells is not None:
            _ = task.cell_table(plan.cells)
        if not plan.features and not plan.segment:
            _ = task.image  # a recipe that only preprocesses still has to show that its images can be read
    except StepFailed as failed:
        rejection = failed.rejection
    complete = rejection is None and bool(plan.features)
    return ImageOutcome(
        index=item.index,
        features=np.concatenate(vectors) if complete else None,
        status=status,
        masks=masks,
        rejection=rejection,
        notes=task.notes,
        computed=frozenset(task.computed),
        reused=frozenset(task.reused - task.computed),
        seconds=task.seconds,
    )


def images_of(plan: ImagePlan, items: Sequence[Item]) -> Iterator[RGBImage]:
    """Preprocessed images one after the other; images that cannot be used are left out.

    Raises
    ------
    RunFailed
        Where a file was changed since its digest was taken: a fit without it would be kept as the
        fit on all images.
    """
    for item in items:
        task = ImageTask(plan, item, BatchRows(plan, [item]))
        try:
            yield task.image
        except StepFailed as failed:
            if failed.rejection.reason == reading.CHANGED:
                raise changed_image(item, failed.rejection) from failed


def changed_image(item: Item, rejection: Rejection) -> RunFailed:
    """Error for an image that was read before and cannot be read again: its file was changed."""
    return RunFailed(
        f"image {item.sample.id} can no longer be used: {rejection.reason} at {rejection.stage}, "
        f"{rejection.detail}",
    )


def image_and_labels(plan: ImagePlan, item: Item) -> tuple[RGBImage, Labels] | None:
    """One preprocessed image with its label images; None where it cannot be used or nothing segments."""
    if plan.segment is None:
        return None
    task = ImageTask(plan, item, BatchRows(plan, [item]))
    try:
        return task.image, task.labels(plan.segment)
    except StepFailed:
        return None
