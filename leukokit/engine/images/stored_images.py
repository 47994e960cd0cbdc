"""Preprocessed images for classifiers of images: read when asked for, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leukokit.api import FloatArray, Labels, RGBImage
from leukokit.engine.cache.keys import digest
from leukokit.engine.images.batch_rows import BatchRows
from leukokit.engine.images.kept_rows import labels_of
from leukokit.engine.images.plan import CellStep, ImagePlan, Item, SegmentStep, pixels_key
from leukokit.engine.images.work import ImageTask, StepFailed, changed_image


@dataclass(frozen=True)
class StoredImages:
    """Images after the last preprocessing step, from the cache where it holds them.

    Parameters
    ----------
    plan : ImagePlan
        The fold's plan, with fitted preprocessors.
    items : sequence of Item
        Images that the image stage could use.
    """

    plan: ImagePlan
    items: Sequence[Item]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> RGBImage:
        item = self.items[index]
        rows = BatchRows(self.plan, [item])
        try:
            image = ImageTask(self.plan, item, rows).image
        except StepFailed as failed:
            raise changed_image(item, failed.rejection) from failed
        rows.flush()
        return image

    def __iter__(self) -> Iterator[RGBImage]:
        return (self[index] for index in range(len(self)))

    def key(self) -> str:
        """Digest of what the pixels depend on: content of the files in order, and every step up to here."""
        steps = self.plan.preprocess
        if not steps:
            head = pixels_key(self.plan.reading)
            return digest(head, [item.key for item in self.items])
        return digest(steps[-1].key, [self.plan.row_key(steps[-1], item) for item in self.items])


def stored_labels(plan: ImagePlan, step: SegmentStep, item: Item) -> Labels:
    """Label images of one image that the image stage could use, from the cache where it holds them.

    Raises
    ------
    RunFailed
        Where the image can no longer be used: its file was changed since the image stage.
    """
    rows = BatchRows(plan, [item])
    try:
        labels = ImageTask(plan, item, rows).labels(step)
    except StepFailed as failed:
        raise changed_image(item, failed.rejection) from failed
    rows.flush()
    return labels


class StoredCells:
    """Cells of a batch of images that the image stage could use, from the cache where it holds them.

    Parameters
    ----------
    plan : ImagePlan
    step : CellStep
        Of the plan.
    items : sequence of Item
    """

    def __init__(self, plan: ImagePlan, step: CellStep, items: Sequence[Item]) -> None:
        self._plan = plan
        self._step = step
        self._rows = BatchRows(plan, items)

    def table(self, item: Item) -> FloatArray:
        """Table of the cells of one image, (n, columns of the step).

        Raises
        ------
        RunFailed
            Where the image can no longer be used: its file was changed since the image stage.
        """
        try:
            return ImageTask(self._plan, item, self._rows).cell_table(self._step)
        except StepFailed as failed:
            raise changed_image(item, failed.rejection) from failed

    def labels(self, item: Item) -> Labels:
        """Label images of one image; raises as ``table`` does."""
        if self._step.labels_from is None:
            raise ValueError("the step of cells has no segmenter")
        try:
            return ImageTask(self._plan, item, self._rows).labels(self._step.labels_from)
        except StepFailed as failed:
            raise changed_image(item, failed.rejection) from failed


def kept_labels(plan: ImagePlan, items: Sequence[Item]) -> Iterator[tuple[Item, Labels]]:
    """Label images that the cache holds; nothing is segmented, and images without any are skipped."""
    if plan.store is None or plan.segment is None:
        return
    keys = {item.index: plan.row_key(plan.segment, item) for item in items}
    kept = plan.store.get_rows(plan.segment.key, list(keys.values()))
    for item in items:
        payload = kept.get(keys[item.index])
        if payload is None:
            continue
        try:
            labels = labels_of(plan.segment, payload)
        except Exception as error:  # decoders may raise any error for a result of another kind
            plan.store.report_unusable(f"row of {plan.segment.id}", error)
            continue
        yield item, labels
