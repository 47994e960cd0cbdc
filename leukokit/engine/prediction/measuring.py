"""Measure a piece of the images for every pipeline that predicts, by the engine's image stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Classifier, Consumes, Dataset, Examples, FloatArray, Sample, Scale, Selector
from leukokit.engine.cache.keys import dataset_identity
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_samples.measured import spread_to_cells
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.file_measures import FileMeasure, measure_files
from leukokit.engine.images.plan import ImagePlan, Item, Rejection
from leukokit.engine.images.plan_building import ImageComponents
from leukokit.engine.images.stage import ImageTable, run_image_stage
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Forwarding, Observer
from leukokit.engine.prediction.rows import REJECTED
from leukokit.engine.scale.find import stated_scales
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.scale.stage import SCALE, OwnScales, scales_in
from leukokit.engine.unlike.limits import FittedUnlike
from leukokit.engine.unlike.stain import STAIN, stain_in
from leukokit.process.scratch import scratch_folder

_MOST_WARNINGS = 5
"""Of one prediction: each piece of the images may have its own."""


class Files(Dataset):
    """A data set of images that all have files: it renders none."""


class Member(Protocol):
    """A fitted pipeline, as far as the work on the images goes."""

    @property
    def images(self) -> ImageComponents:
        """With the learned states of the preprocessors."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Features, in the order of the table."""

    @property
    def scale(self) -> ScaleRule | None:
        """How an image gets its scale; None where nothing asks for it."""

    @property
    def unlike(self) -> FittedUnlike | None:
        """Says which images are unlike the training data; None where that is not known."""

    @property
    def consumes(self) -> frozenset[Consumes]:
        """What the classifier learns from."""

    @property
    def cell_margin(self) -> float | None:
        """Share of a box that crops show around a cell; None for a model of images."""

    @property
    def predicting(self) -> tuple[Classifier | Selector, ...]:
        """The components whose code predicts."""

    def plan(self, dataset: Dataset, *, store: Store | None = None) -> ImagePlan:
        """Plan the work on images."""

    def predicted(self, examples: Examples) -> tuple[FloatArray, FloatArray]:
        """Probabilities of the model, and what it sees of each image."""

    def calibrated(self, raw: FloatArray) -> FloatArray:
        """Calibrated probabilities."""


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """One image, and what the models need of it.

    Attributes
    ----------
    items : tuple of Item
        One a pipeline, with the scale that it gives the image.
    features : tuple of float64 array (d,) or None
        One a pipeline; None where its classifier takes no features.
    stain : float64 array
        Of :func:`leukokit.engine.unlike.stain.stain_in`; empty where no pipeline compares it.
    own : Scale or None
        What its red cells say; None where nothing asks for it.
    """

    sample: Sample
    key: str
    status: str
    rejection: Rejection | None
    items: tuple[Item, ...]
    features: tuple[FloatArray | None, ...]
    stain: FloatArray
    own: Scale | None

    @property
    def used(self) -> bool:
        """Whether it could be used."""
        return self.rejection is None


@dataclass
class Measuring:
    """Measures pieces of the images one after the other.

    Attributes
    ----------
    members : sequence of Member
        Their steps in common are computed once for each piece.
    dataset : Dataset or None
        Renders the images without a file.
    """

    members: Sequence[Member]
    dataset: Dataset | None
    executor: Executor
    store: Store | None
    observer: Observer

    def __post_init__(self) -> None:
        self._inner = _WarningsOnly(self.observer)

    @cached_property
    def plans(self) -> list[ImagePlan]:
        """One a pipeline, with what the caller keeps."""
        return [member.plan(self._source, store=self.store) for member in self.members]

    @cached_property
    def _source(self) -> Dataset:
        return self.dataset or Files()

    @property
    def _reading(self) -> ReadOptions:
        return self.members[0].images.reading

    def measured(
        self, samples: Sequence[Sample], *, first: int, own: OwnScales | None
    ) -> list[MeasuredImage]:
        """Measure one piece.

        Parameters
        ----------
        first : int
            Number of the first image among all.
        own : OwnScales, optional
            Of all images, where some of them are worked on in groups.
        """
        items = self.items(samples, first=first)
        own, stain = self._of_files(items, own)
        with self._common_steps() as store:
            scaled = [self._scaled(member, items, own) for member in self.members]
            tables = [
                run_image_stage(replace(plan, store=store), given, self.executor, self._inner)
                for plan, given in zip(self.plans, scaled, strict=True)
            ]
        columns = [_Rows(member, table) for member, table in zip(self.members, tables, strict=True)]
        return [
            MeasuredImage(
                item.sample,
                item.key,
                *_outcome(item, columns),
                items=tuple(given[row] for given in scaled),
                features=tuple(table.features(item) for table in columns),
                stain=stain[row],
                own=None if own is None else own.scales.get(item.sample.id),
            )
            for row, item in enumerate(items)
        ]

    def items(self, samples: Sequence[Sample], *, first: int = 0) -> list[Item]:
        """Give each image its digest."""
        identity = "" if self.dataset is None else dataset_identity(self.dataset)
        keys = self.executor.content_keys(self._source, identity, samples)
        return [
            Item(first + i, sample, key) for i, (sample, key) in enumerate(zip(samples, keys, strict=True))
        ]

    def own_scales(self, items: Sequence[Item]) -> OwnScales | None:
        """Measure what images say of their scale; None where nothing asks for it."""
        return scales_in(self._table([SCALE], items), items, self._reading) if self._asks_for_scale else None

    @property
    def _asks_for_scale(self) -> bool:
        return any(member.scale is not None for member in self.members)

    def _of_files(self, items: Sequence[Item], own: OwnScales | None) -> tuple[OwnScales | None, FloatArray]:
        """Scale, where it is not known, and stain, as far as they are asked for; images are decoded once."""
        measures = [SCALE] if own is None and self._asks_for_scale else []
        compares = any(member.unlike is not None for member in self.members)
        measures += [STAIN] if compares else []
        if not measures:
            return own, np.empty((len(items), 0))
        table = self._table(measures, items)
        if SCALE in measures:
            own = scales_in(table, items, self._reading)
        return own, stain_in(table, items) if compares else np.empty((len(items), 0))

    def _table(self, measures: Sequence[FileMeasure], items: Sequence[Item]) -> ImageTable:
        """Measure whole images; a cell has what its image has."""
        cells = any(item.sample.region is not None for item in items)
        images = items
        if cells:
            images = self.items(list({item.sample.whole.id: item.sample.whole for item in items}.values()))
        table = measure_files(
            measures,
            self._source,
            images,
            self._reading,
            store=self.store,
            executor=self.executor,
            observer=self._inner,
            name="measuring files",
        )
        return spread_to_cells(table, items) if cells else table

    def _scaled(self, member: Member, items: Sequence[Item], own: OwnScales | None) -> list[Item]:
        rule = member.scale
        if rule is None or own is None:
            return list(items)
        reading = member.images.reading
        stated, notes = stated_scales(
            rule.setting, items, frame=reading.frame, store=self.store, threads=self.executor.count
        )
        if notes:
            image = next(iter(notes))
            self._inner.warn(
                f"the scale of {len(notes)} of {len(items)} images is measured on their red cells, as for "
                f"{image}: {notes[image]}"
            )
        return rule.given_to(items, own=own.scales, stated=stated, changed=own.changed)

    @contextmanager
    def _common_steps(self) -> Iterator[Store | None]:
        """Where several pipelines work on the same images, keep their common steps as long as needed."""
        if self.store is not None or len(self.members) == 1:
            yield self.store
            return
        with scratch_folder() as folder:
            yield Store(folder)


class _Rows:
    """The image table of one pipeline, image by image."""

    def __init__(self, member: Member, table: ImageTable) -> None:
        self._row = {name: row for row, name in enumerate(table.features.index)}
        self._values: NDArray[np.float64] | None = (
            table.features.to_numpy(dtype=np.float64) if Consumes.FEATURES in member.consumes else None
        )
        self._status = table.status
        self._rejected = {item.sample.id: why for item, why in table.rejected}

    def features(self, item: Item) -> FloatArray | None:
        row = self._row.get(item.sample.id)
        # A copy: a view would keep the whole table in memory.
        return None if row is None or self._values is None else self._values[row].copy()

    def rejection(self, item: Item) -> Rejection | None:
        return self._rejected.get(item.sample.id)

    def status(self, item: Item) -> str:
        status = self._status.get(item.sample.id)
        return "ok" if status is None else status.value


def _outcome(item: Item, tables: Sequence[_Rows]) -> tuple[str, Rejection | None]:
    """Status and rejection; an image that one of the pipelines rejects is rejected."""
    rejection = next((why for table in tables if (why := table.rejection(item)) is not None), None)
    return (tables[0].status(item) if rejection is None else REJECTED), rejection


class _WarningsOnly(Forwarding):
    """Passes a few warnings on: stages and lines of every piece would bury them."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(observer)
        self._warned = 0

    def stage(self, name: str, total: int) -> None:
        """Keep it: the caller counts all images."""

    def advance(self, count: int = 1) -> None:
        """Keep it."""

    def say(self, text: str) -> None:
        """Keep it."""

    def warn(self, text: str) -> None:
        """Pass the first ones on."""
        self._warned += 1
        if self._warned <= _MOST_WARNINGS:
            self._observer.warn(text)
        elif self._warned == _MOST_WARNINGS + 1:
            self._observer.warn("there are more warnings of this kind")


def scales_of_groups(members: Sequence[Member], samples: Sequence[Sample]) -> bool:
    """Whether some image takes the scale of its group, so that all images of the group have to be known."""
    by_group = any(
        member.scale is not None and member.scale.setting.by in ("auto", "group") for member in members
    )
    return by_group and any(sample.group for sample in samples)


def mean_distances(distances: Sequence[Mapping[str, FloatArray]]) -> dict[str, FloatArray]:
    """Mean over pipelines of how far images are from what each was fitted on."""
    names = dict.fromkeys(name for each in distances for name in each)
    return {name: np.mean([each[name] for each in distances if name in each], axis=0) for name in names}
