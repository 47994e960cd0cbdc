"""What is to be done with each image: a picklable plan that workers carry out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    CellColumn,
    CellFeatureExtractor,
    Component,
    Dataset,
    FeatureExtractor,
    Preprocessor,
    Sample,
    Scale,
    Segmenter,
    Status,
)
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest, library_versions
from leukokit.engine.cache.serialization import columns_key
from leukokit.engine.cache.store import Store
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.validation import FeatureSchema
from leukokit.evaluation.masks import Row
from leukokit.ids import written_id


class ImageStage(StrEnum):
    """Stages of the work on one image, as written in ``rejected.csv`` and the journal."""

    READ = "read"
    PREPROCESS = "preprocess"
    SEGMENT = "segment"
    FEATURES = "features"
    CELLS = "cells"
    TRUTH = "truth"


_CODE = ("leukokit.engine.images.work", "leukokit.engine.io.reading", "leukokit.engine.validation")
"""What decodes files and checks what components make of them."""


def pixels_key(reading: ReadOptions) -> str:
    """Digest of what pixels, and all that is made of them, depend on besides files and components."""
    return digest("pixels", reading.key(), library_versions(), code_digest(*_CODE))


@dataclass(frozen=True, slots=True)
class ImageStep:
    """One component at its place in the chain; the subclasses say of which kind it is.

    Attributes
    ----------
    id : str
        Recipe path and name, such as ``preprocess.0.reinhard``.
    component : Preprocessor, Segmenter or FeatureExtractor
        With the state that it has learned.
    key : str
        Digest of what the output depends on besides the image.
    seeded : bool
        True where this step or one before it draws random numbers. The key of an image's result then also
        holds the seed and the id of the image.
    scaled : bool
        True where this step or one before it uses the scale of the image. The key of an image's result then
        also holds the scale.
    """

    stage: ClassVar[ImageStage]

    id: str
    component: Component
    key: str
    seeded: bool
    scaled: bool = False


@dataclass(frozen=True, slots=True)
class PreprocessStep(ImageStep):
    """A preprocessor, fitted where it learns."""

    stage: ClassVar[ImageStage] = ImageStage.PREPROCESS

    component: Preprocessor


@dataclass(frozen=True, slots=True)
class SegmentStep(ImageStep):
    """The segmenter."""

    stage: ClassVar[ImageStage] = ImageStage.SEGMENT

    component: Segmenter


@dataclass(frozen=True, slots=True)
class FeatureStep(ImageStep):
    """A feature extractor.

    Attributes
    ----------
    labels_from : SegmentStep or None
        The segmenter whose label images the extractor reads; None where it reads the pixels only.
    schema : FeatureSchema
        Names of the features. They are read from the extractor once a plan; they are sent to the workers with
        the step, so that no worker asks again.
    """

    stage: ClassVar[ImageStage] = ImageStage.FEATURES

    component: FeatureExtractor
    labels_from: SegmentStep | None = None
    schema: FeatureSchema = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", FeatureSchema.of(self.component))


class CellMeasures(Component):
    """What leukokit itself measures of every cell, for the table of cells."""

    uses_scale = True


@dataclass(frozen=True, slots=True)
class CellStep(ImageStep):
    """The table of the cells of an image.

    Attributes
    ----------
    labels_from : SegmentStep
        The segmenter whose cells are measured.
    extractors : tuple of FeatureStep
        The plan's extractors that measure cells one by one; their columns are part of the table.
    columns : tuple of CellColumn
        All columns, in order.
    """

    stage: ClassVar[ImageStage] = ImageStage.CELLS

    component: CellMeasures
    labels_from: SegmentStep | None = None
    extractors: tuple[FeatureStep, ...] = ()
    columns: tuple[CellColumn, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def columns_key(self) -> str:
        """Digest of the names."""
        return columns_key(self.names)


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """The chain from pixels to labels and features, and where results are kept.

    Attributes
    ----------
    cells : CellStep or None
        The table of cells, where it is wanted.
    keep_labels : bool
        True where label images are wanted for themselves, not only by a feature.
    score_masks : bool
        True where label images are compared with the data set's ground truth.
    box_roles : frozenset of str
        Roles of which the data set has boxes in place of masks.
    """

    dataset: Dataset
    reading: ReadOptions
    preprocess: tuple[PreprocessStep, ...]
    segment: SegmentStep | None
    features: tuple[FeatureStep, ...]
    seed: int
    keep_labels: bool
    score_masks: bool
    store: Store | None
    box_roles: frozenset[str] = frozenset()
    cells: CellStep | None = None

    def keeps_shape(self) -> bool:
        """Whether no preprocessor changes the size of the image."""
        return all(step.component.keeps_shape for step in self.preprocess)

    def steps(self) -> Iterator[ImageStep]:
        """Every step, in order."""
        yield from self.preprocess
        if self.segment is not None:
            yield self.segment
        yield from self.features
        if self.cells is not None:
            yield self.cells

    def cell_extractors(self) -> tuple[FeatureStep, ...]:
        """Give the steps that measure cells one by one."""
        return tuple(step for step in self.features if isinstance(step.component, CellFeatureExtractor))

    @classmethod
    def of_files(
        cls, dataset: Dataset, reading: ReadOptions, steps: tuple[FeatureStep, ...], store: Store | None
    ) -> Self:
        """Plan to measure images as they are on disk, by feature extractors that no recipe names."""
        return cls(
            dataset=dataset,
            reading=reading,
            preprocess=(),
            segment=None,
            features=steps,
            seed=0,
            keep_labels=False,
            score_masks=False,
            store=store,
        )

    def keeps_images(self) -> bool:
        """Whether preprocessed images are worth a place in the cache: a hundred times that of features.

        They are where some step is slow, and where they are all that the plan makes.
        """
        slow = any(not step.component.cheap for step in self.preprocess)
        return slow or (not self.features and self.segment is None)

    def columns(self) -> list[str]:
        """Names of all features, in the order of the table."""
        return [name for step in self.features for name in step.schema.names]

    def row_key(self, step: ImageStep, item: Item) -> str:
        """Key of one image's result of ``step``.

        Raises
        ------
        ValueError
            Where the step uses the scale and the item has none: a caller has not measured it.
        """
        key = digest(item.key, self.seed, item.sample.id) if step.seeded else item.key
        if not step.scaled:
            return key
        if item.scale is None:
            raise ValueError(f"{step.id} uses the scale, but image {item.sample.id} was given none")
        return digest("scale", key, item.scale.red_cell_px, item.scale.confidence, item.scale.source)


@dataclass(frozen=True, slots=True)
class Item:
    """One image to work on.

    Attributes
    ----------
    index : int
        Position in the data set.
    key : str
        Digest of the file's content, or of what a rendered image depends on.
    scale : Scale or None
        Scale of the image as it is read; None where nothing asks for it.
    changed : Rejection or None
        Why it cannot be used any more, where an earlier stage found that its file was changed.
    """

    index: int
    sample: Sample
    key: str
    scale: Scale | None = None
    changed: Rejection | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an image was left out.

    Attributes
    ----------
    stage : str
        ``read``, or stage and component such as ``segment:otsu/otsu``.
    reason : str
        Short code.
    detail : str
        One sentence.
    traceback : str
        Python traceback where a plugin raised; empty otherwise.
    """

    stage: str
    reason: str
    detail: str = ""
    traceback: str = ""

    def __post_init__(self) -> None:
        # Messages of plugins and decoders quote file names, which need not be UTF-8.
        for name in ("stage", "reason", "detail", "traceback"):
            object.__setattr__(self, name, written_id(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class ImageOutcome:
    """The result of one image: its features and status, or why it was rejected.

    Attributes
    ----------
    features : float64 array (d,) or None
        Columns of ``ImagePlan.columns``; None where the plan has none or the image was rejected.
    masks : Row or None
        Agreement with ground truth.
    computed, reused : frozenset of str
        Ids of the steps that ran and of those whose result came from the cache.
    seconds : mapping of step id to float
        Time the steps took.
    """

    index: int
    features: NDArray[np.float64] | None = None
    status: Status | None = None
    masks: Row | None = None
    rejection: Rejection | None = None
    notes: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
    reused: frozenset[str] = frozenset()
    seconds: dict[str, float] = field(default_factory=dict)
