"""Carry out an image plan on a batch of images, in a worker; touches only its arguments and the cache.

The work goes backwards: features that are cached need no labels, labels that are cached need no pixels, and a
file is only decoded where some step really has to look at it.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    UNKNOWN_SCALE,
    FeatureExtractor,
    ImageRejected,
    Labels,
    LeukokitError,
    Planes,
    Preprocessor,
    RGBImage,
    Scale,
    ScaledPreprocessor,
    ScaledSegmenter,
    Segmenter,
    Status,
)
from leukokit.api.notes import kept_notes
from leukokit.engine.cache import serialization
from leukokit.engine.cache.keys import sample_seed
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import ImagePlan, ImageStep, Item, Outcome, Rejection, Stage
from leukokit.engine.io import reading
from leukokit.engine.validation import checked_image, checked_labels, checked_vector
from leukokit.evaluation.masks import Row, score_image
from leukokit.process import stop
from leukokit.smear.label_grid import labels_on_grid

T = TypeVar("T")


class StepFailed(Exception):
    """A step of one image ended in a rejection."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.rejection = rejection


class _Batch:
    """What the images of a batch share: cached rows, read one query a step and written at the end."""

    def __init__(self, plan: ImagePlan, items: Sequence[Item]) -> None:
        self._plan = plan
        self._items = items
        self._read: dict[str, dict[str, bytes]] = {}
        self._new: dict[str, list[tuple[str, bytes]]] = {}

    def get(self, step: ImageStep, item: Item) -> bytes | None:
        if self._plan.store is None:
            return None
        if step.id not in self._read:
            keys = [self._plan.row_key(step, each) for each in self._items]
            self._read[step.id] = self._plan.store.get_rows(step.key, keys)
        return self._read[step.id].get(self._plan.row_key(step, item))

    def put(self, step: ImageStep, item: Item, encode: Callable[[], bytes]) -> None:
        if self._plan.store is not None:
            self._new.setdefault(step.id, []).append((self._plan.row_key(step, item), encode()))

    def flush(self) -> None:
        if self._plan.store is None:
            return
        for step in self._plan.steps():
            self._plan.store.put_rows(step.key, step.id, self._new.get(step.id, ()))


class ImageTask:
    """One image on its way through the plan; every result is made when first asked for."""

    def __init__(self, plan: ImagePlan, item: Item, batch: _Batch) -> None:
        self._plan = plan
        self._item = item
        self._batch = batch
        self.notes: tuple[str, ...] = ()
        self.computed: set[str] = set()
        self.reused: set[str] = set()
        self.seconds: dict[str, float] = {}

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
        resizes = not all(step.component.keeps_shape for step in steps)  # type: ignore[union-attr]
        if steps and self._plan.keeps_images():
            kept = self._batch.get(steps[-1], self._item)
            factor = None if kept is None else serialization.image_factor(kept) if resizes else 1.0
            if kept is not None and factor is not None:
                self.reused.update(step.id for step in steps)
                return serialization.image_from_bytes(kept), factor
        image, factor = self._timed("read", Stage.READ, self._read), 1.0
        for step in steps:
            before, at = image, factor
            image = self._run(step, lambda step=step, image=before, at=at: self._apply(step, image, at))  # type: ignore[misc]
            factor *= resize_factor(before, image)
        if steps and self._plan.keeps_images():
            told = factor if resizes else None
            self._batch.put(steps[-1], self._item, lambda: serialization.image_to_bytes(image, told))
        return image, factor

    def _scale_at(self, factor: float) -> Scale:
        scale = self._item.scale
        return UNKNOWN_SCALE if scale is None or math.isnan(factor) else scale.resized(factor)

    @cached_property
    def planes(self) -> Planes:
        """Color planes of the image, shared by all its features."""
        return Planes(self.image, self.scale)

    @cached_property
    def labels(self) -> Labels:
        """Label images."""
        step = self._plan.segment
        assert step is not None
        kept = self._batch.get(step, self._item)
        if kept is not None:
            self.reused.add(step.id)
            return serialization.labels_from_bytes(kept)
        image = self.image
        labels = self._run(step, lambda: self._segment(step, image))
        self._batch.put(step, self._item, lambda: serialization.labels_to_bytes(labels))
        return labels

    def vector(self, step: ImageStep) -> tuple[NDArray[np.float64], Status | None]:
        """One extractor's features and the status they were taken under."""
        kept = self._batch.get(step, self._item)
        if kept is not None:
            self.reused.add(step.id)
            return serialization.vector_from_bytes(kept)
        assert isinstance(step.component, FeatureExtractor)
        labels = self.labels if step.component.roles() else None
        planes = self.planes
        values = self._run(step, lambda: self._extract(step, planes, labels))
        status = labels.status if labels is not None else None
        self._batch.put(step, self._item, lambda: serialization.vector_to_bytes(values, status))
        return values, status

    def masks(self) -> Row | None:
        """Agreement with ground truth, where there is any for this image."""
        labels = self.labels

        def compare() -> Row | None:
            truth = self._plan.dataset.truth(self._item.sample)
            found = None if truth is None else self._on_grid_of(truth, labels)
            return None if truth is None or found is None else score_image(found, truth)

        return self._timed("truth", Stage.TRUTH, compare)

    def _on_grid_of(self, truth: Labels, labels: Labels) -> Labels | None:
        """Bring labels of a resized image back to the file's grid; None, and a note, where that cannot be."""
        if all(step.component.keeps_shape for step in self._plan.preprocess):  # type: ignore[union-attr]
            return labels
        roles = {}
        for role, true in truth.roles.items():
            if role in labels.roles:
                if math.isnan(resize_factor(true, labels.roles[role])):
                    note = "a preprocessor changed the image's proportions: the truth does not lie on it"
                    self.notes += (f"truth: {note}; not compared",)
                    return None
                roles[role] = labels_on_grid(labels.roles[role], true.shape)
        return replace(labels, roles=roles)

    def _read(self) -> RGBImage:
        image, notes = reading.pixels(self._plan.dataset, self._item.sample, self._plan.reading)
        self.notes += notes
        return image

    def _apply(self, step: ImageStep, image: RGBImage, factor: float) -> RGBImage:
        component, rng = step.component, self._generator(step)
        assert isinstance(component, Preprocessor)
        if isinstance(component, ScaledPreprocessor):
            result = component.apply(image, rng=rng, scale=self._scale_at(factor))
        else:
            result = component.apply(image, rng=rng)
        return checked_image(result, image, keeps_shape=component.keeps_shape)

    def _segment(self, step: ImageStep, image: RGBImage) -> Labels:
        component, rng = step.component, self._generator(step)
        assert isinstance(component, Segmenter)
        if isinstance(component, ScaledSegmenter):
            labels = component.segment(image, rng=rng, scale=self.scale)
        else:
            labels = component.segment(image, rng=rng)
        return checked_labels(labels, component, image)

    def _extract(self, step: ImageStep, planes: Planes, labels: Labels | None) -> NDArray[np.float64]:
        component = step.component
        assert isinstance(component, FeatureExtractor)
        assert step.promise is not None
        return checked_vector(component.extract(planes, labels), step.promise, labels)

    def _generator(self, step: ImageStep) -> np.random.Generator | None:
        if not step.component.stochastic:
            return None
        return np.random.default_rng(sample_seed(self._plan.seed, step.id, self._item.sample.id))

    def _run(self, step: ImageStep, work: Callable[[], T]) -> T:
        with kept_notes() as notes:
            result = self._timed(step.id, step.stage, work)
        self.notes += tuple(f"{step.id}: {text}" for text in dict.fromkeys(notes))
        self.computed.add(step.id)
        return result

    def _timed(self, step_id: str, stage: Stage, work: Callable[[], T]) -> T:
        started = perf_counter()
        component = step_id.rsplit(".", 1)[-1]
        name = stage.value if component == stage.value else f"{stage.value}:{component}"
        try:
            return work()
        except Exception as error:  # a plugin may raise anything; the image is named and the run goes on
            stop.check(error)  # compiled code makes errors of its own out of an interrupt
            raise StepFailed(_rejection(name, error)) from error
        finally:
            self.seconds[step_id] = perf_counter() - started


def _rejection(stage: str, error: Exception) -> Rejection:
    """Say why an image is left out; called while ``error`` is handled."""
    match error:
        case ImageRejected():
            return Rejection(stage, error.reason, error.detail)
        case LeukokitError():
            return Rejection(stage, "plugin_error", str(error))
        case MemoryError():
            return Rejection(stage, "out_of_memory", str(error))
    return Rejection(stage, "plugin_error", f"{type(error).__name__}: {error}", traceback.format_exc())


def resize_factor(before: NDArray[Any], after: NDArray[Any]) -> float:
    """How many times as wide ``after`` is; NaN where width and height did not change alike.

    What is cut off on all sides alike cannot be told from what was shrunk.
    """
    (old_height, old_width), (height, width) = before.shape[:2], after.shape[:2]
    if (old_height, old_width) == (height, width):
        return 1.0
    factor = math.sqrt(height * width / (old_height * old_width))
    alike = abs(height - factor * old_height) < 1 and abs(width - factor * old_width) < 1
    return factor if alike else math.nan


def process_batch(plan: ImagePlan, items: Sequence[Item]) -> list[Outcome]:
    """Work on a batch; one outcome an item, in order. Its results are cached once it is done."""
    batch = _Batch(plan, items)
    outcomes = [_process(plan, item, batch) for item in items]
    batch.flush()
    return outcomes


def _process(plan: ImagePlan, item: Item, batch: _Batch) -> Outcome:
    task = ImageTask(plan, item, batch)
    vectors: list[NDArray[np.float64]] = []
    status: Status | None = None
    masks: Row | None = None
    rejection: Rejection | None = None
    try:
        for step in plan.features:
            values, seen = task.vector(step)
            vectors.append(values)
            status = seen or status
        if plan.keep_labels or plan.score_masks:
            status = task.labels.status
        if plan.score_masks:
            masks = task.masks()
        if not plan.features and not plan.segment:
            _ = task.image  # a recipe that only preprocesses still has to show that its images can be read
    except StepFailed as failed:
        rejection = failed.rejection
    complete = rejection is None and bool(plan.features)
    return Outcome(
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


def cached_outcomes(plan: ImagePlan, items: Sequence[Item]) -> dict[int, Outcome]:
    """Outcomes that the cache holds whole; for these no worker is asked and no pixel is read."""
    if plan.store is None or plan.score_masks:
        return {}
    if not plan.features and plan.segment is None:
        return _cached_images(plan, plan.store, items)
    rows = [
        plan.store.get_rows(step.key, [plan.row_key(step, item) for item in items]) for step in plan.features
    ]
    labels: dict[str, bytes] = {}
    if plan.keep_labels and plan.segment is not None:
        labels = plan.store.get_rows(plan.segment.key, [plan.row_key(plan.segment, item) for item in items])
    whole = [
        item
        for item in items
        if all(plan.row_key(step, item) in rows[i] for i, step in enumerate(plan.features))
        and (not plan.keep_labels or plan.segment is None or plan.row_key(plan.segment, item) in labels)
    ]
    # Over all images at once: one at a time, 100,000 images took longer to unpack than to look up.
    tables, seen = [], []
    for i, step in enumerate(plan.features):
        table, statuses = serialization.vectors_from_bytes(
            [rows[i][plan.row_key(step, item)] for item in whole]
        )
        tables.append(table)
        seen.append(statuses)
    if labels and plan.segment is not None:
        seen.insert(
            0, [serialization.labels_status(labels[plan.row_key(plan.segment, item)]) for item in whole]
        )
    features = np.hstack(tables) if tables else None
    ids = frozenset(step.id for step in plan.steps())
    return {
        item.index: Outcome(
            index=item.index,
            features=None if features is None else features[row],
            status=next((each[row] for each in seen if each[row] is not None), None),
            reused=ids,
        )
        for row, item in enumerate(whole)
    }


def _cached_images(plan: ImagePlan, store: Store, items: Sequence[Item]) -> dict[int, Outcome]:
    """Outcomes of a plan that only prepares images, which whoever asks for them reads one at a time."""
    if not plan.preprocess:
        return {}
    last = plan.preprocess[-1]
    keys = {item.index: plan.row_key(last, item) for item in items}
    kept = store.has_rows(last.key, list(keys.values()))
    ids = frozenset(step.id for step in plan.preprocess)
    return {index: Outcome(index=index, reused=ids) for index, key in keys.items() if key in kept}


def image_of(plan: ImagePlan, item: Item) -> RGBImage:
    """One preprocessed image; kept in the cache where the plan keeps images.

    Raises
    ------
    StepFailed
        Where it cannot be used.
    """
    batch = _Batch(plan, [item])
    image = ImageTask(plan, item, batch).image
    batch.flush()
    return image


def labels_of(plan: ImagePlan, item: Item) -> Labels:
    """Label images of one image, as ``image_of`` gives its pixels."""
    batch = _Batch(plan, [item])
    labels = ImageTask(plan, item, batch).labels
    batch.flush()
    return labels


def images_of(plan: ImagePlan, items: Sequence[Item]) -> Iterator[RGBImage]:
    """Preprocessed images one after the other; images that cannot be used are left out."""
    for item in items:
        task = ImageTask(plan, item, _Batch(plan, [item]))
        try:
            yield task.image
        except StepFailed:
            continue


def image_and_labels(plan: ImagePlan, item: Item) -> tuple[RGBImage, Labels] | None:
    """One preprocessed image with its label images, for pictures; None where it cannot be used."""
    task = ImageTask(plan, item, _Batch(plan, [item]))
    try:
        return task.image, task.labels
    except StepFailed:
        return None
