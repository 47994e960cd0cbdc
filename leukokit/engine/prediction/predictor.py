"""What predicts images: one fitted pipeline, or several whose probabilities are averaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leukokit.api import Consumes, Dataset, Examples, FloatArray, RGBImage, Sample, Scale
from leukokit.catalog import CatalogEntry
from leukokit.engine.cache.store import Store
from leukokit.engine.components.origin import is_foreign_module
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.prediction.blocks import block_rows
from leukokit.engine.prediction.description import described
from leukokit.engine.prediction.given import given_images
from leukokit.engine.prediction.measuring import (
    MeasuredImage,
    Measuring,
    Member,
    mean_distances,
    scales_of_groups,
)
from leukokit.engine.prediction.rows import Deciding, PredictedImages

_FIRST_PIECE = 32
"""Images after which the first rows come out."""
_LARGEST_PIECE = 2048
_LARGEST_TABLE = 4_000_000
"""Numbers of the feature table of one piece: 32 MB."""


class Predictor:
    """Predicts images; what is common to a fitted pipeline and to the mean of several.

    Attributes
    ----------
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where there was no validation part to choose it on.
    answer : FittedAnswer or None
        How the images of a patient or slide become one answer; None where the recipe asks for none.
    """

    operating_point: FittedOperatingPoint | None
    refer: FittedReferral | None
    answer: FittedAnswer | None

    if TYPE_CHECKING:  # fields of the one, properties of the other

        @property
        def name(self) -> str:
            """Of the recipe."""

        @property
        def members(self) -> Sequence[Member]:
            """The pipelines whose probabilities are averaged; one predicts by itself."""

        @property
        def classes(self) -> tuple[str, ...]:
            """In the order of the probability columns."""

        @property
        def tested(self) -> bool:
            """Whether it was tested on images held out of its fit."""

        @property
        def notes(self) -> tuple[str, ...]:
            """What a user should know before trusting a prediction."""

    def __repr__(self) -> str:
        return described(self).text()

    def _repr_html_(self) -> str:
        return described(self).html()

    @property
    def deciding(self) -> Deciding:
        """What turns probabilities and distances into decisions."""
        unlike = all(member.unlike is not None for member in self.members)
        return Deciding(self.classes, self.operating_point, self.refer, unlike)

    @property
    def block_rows(self) -> int:
        """Images that the model predicts together."""
        return max(block_rows(member.consumes) for member in self.members)

    def _own_executor(self, workers: int, *others: CatalogEntry) -> Executor:
        """Work in this process where one is asked for, unless code of plugins could end it."""
        entries = [bound.entry for member in self.members for bound in member.images.bound()]
        foreign = any(is_foreign_module(entry.spec.target) for entry in (*entries, *others))
        return ProcessExecutor(workers) if workers > 1 or foreign else InlineExecutor()

    def predict(
        self,
        images: str | Path | RGBImage | Iterable[Sample | str | Path | RGBImage],
        *,
        dataset: Dataset | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Predict images, as a run predicts its test part.

        Parameters
        ----------
        images : path, URL, folder, glob, array, or several of them
            Image files by path or URL; all images in a folder, or that a pattern such as ``"slides/*.png"``
            finds; uint8 arrays H x W x 3 (red, green, blue); or samples of a data set.
        dataset : Dataset, optional
            Renders the samples that have no file.
        workers : int
            Processes of this machine; never changes a result. One is this process, unless plugins take part;
            with more, a script calls this under ``if __name__ == "__main__":``, a notebook need not.
        executor : Executor, optional
            Who does the work in place of these, such as a cluster.
        store : Store, optional
            Cache of image steps; nothing is kept where omitted.
        observer : Observer, optional
            Listens to progress and warnings.

        Returns
        -------
        DataFrame
            One row an image, in the given order:

            - ``image``: its path as given, or the id of a sample; ``array 0`` and so on for arrays;
            - ``predicted``: the class; missing where rejected, as all up to ``status``;
            - ``p_<class>``: calibrated probability of each class;
            - ``decision``: ``accept``; ``refer``, where the model is not sure; or ``unlike``, where the image
              is unlike the training data;
            - ``positive``: whether it is called ill; only with an operating point;
            - ``unlike_features``, ``unlike_stain``, ``unlike_scale``: distance from the training data over
              the limit, so that more than 1 is unlike; missing where it is not known;
            - ``status``: ``ok``, another status of the segmentation such as ``no_cell``, or ``rejected``;
              ``stage``, ``reason`` and ``detail`` of a rejection as in ``rejected.csv``, else empty.

        Raises
        ------
        UsageError
            Where an array is no RGB image, a path names no file, an image is given twice, or a sample has no
            file and no data set renders it. The message says what to do.
        """
        deciding = self.deciding
        with given_images(images, dataset) as samples:
            tables = [
                piece.table(deciding)
                for piece in self.stream(
                    samples,
                    dataset=dataset,
                    executor=executor or self._own_executor(workers),
                    store=store,
                    observer=observer,
                )
            ]
        if not tables:
            return pd.DataFrame(columns=deciding.columns())
        return pd.concat(tables, ignore_index=True)

    def stream(
        self,
        samples: Sequence[Sample],
        *,
        executor: Executor,
        dataset: Dataset | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> Iterator[PredictedImages]:
        """Predict piece by piece, in the given order; memory does not grow with the number of images.

        A model always predicts as many images together, counted from the first one that could be used. So
        the rows are the same whatever the workers, and a prediction that goes on after such a block gives
        the same as one that was never interrupted.

        Parameters
        ----------
        samples : sequence of Sample
            With ids of their own.
        executor : Executor
            Who works on the images.
        dataset, store, observer
            As in :meth:`predict`.
        """
        observer = observer or Observer()
        members = self.members
        work = Measuring(members, dataset, executor, store, observer)
        own = None
        if scales_of_groups(members, samples):
            own = work.own_scales(work.items(samples))
        observer.stage("predicting", len(samples))
        waiting: list[MeasuredImage] = []
        for start, end in _pieces(len(samples), max(len(member.columns) for member in members)):
            waiting += work.measured(samples[start:end], first=start, own=own)
            yield from self._whole_blocks(waiting, work, observer)
        if waiting:
            yield self._outcome(waiting, work, observer)

    def _whole_blocks(
        self, waiting: list[MeasuredImage], work: Measuring, observer: Observer
    ) -> Iterator[PredictedImages]:
        """Predict all blocks that are full, and take their images out of the list."""
        size, used, end = self.block_rows, 0, 0
        ends = []
        for end, image in enumerate(waiting, start=1):
            used += image.used
            if image.used and used % size == 0:
                ends.append(end)
        begin = 0
        for end in ends:
            yield self._outcome(waiting[begin:end], work, observer)
            begin = end
        del waiting[:begin]

    def _outcome(
        self, images: Sequence[MeasuredImage], work: Measuring, observer: Observer
    ) -> PredictedImages:
        usable = [image for image in images if image.used]
        raw, proba, distances, seen = [], [], [], []
        for number, member in enumerate(self.members if usable else ()):
            examples = _examples(member, number, usable, work)
            predicted, represented = run_isolated(
                _predicted,
                member,
                examples,
                components=member.predicting,
                executor=work.executor,
                observer=observer,
            )
            raw.append(predicted)
            proba.append(member.calibrated(predicted))
            seen.append(represented)
            if member.unlike is not None:
                distances.append(member.unlike.distances(represented, _stain(usable), _own(usable)))
        observer.advance(len(images))
        nothing = np.empty((0, len(self.classes)))
        return PredictedImages(
            samples=[image.sample for image in images],
            keys=[image.key for image in images],
            status=[image.status for image in images],
            rejections=[image.rejection for image in images],
            used=np.array([image.used for image in images], dtype=bool),
            raw=_mean(raw) if raw else nothing,
            proba=_mean(proba) if proba else nothing,
            distances=mean_distances(distances),
            represented=tuple(seen) if self.answer is not None and self.answer.attends else (),
        )


def _predicted(
    member: Member,
    examples: Examples,
    *,
    observer: Observer,  # noqa: ARG001 - given to all isolated work
) -> tuple[FloatArray, FloatArray]:
    return member.predicted(examples)


def _examples(member: Member, number: int, usable: Sequence[MeasuredImage], work: Measuring) -> Examples:
    ids = [image.sample.id for image in usable]
    features = None
    if Consumes.FEATURES in member.consumes:
        rows = [row for image in usable if (row := image.features[number]) is not None]
        features = pd.DataFrame(np.array(rows), index=pd.Index(ids, name="id"), columns=list(member.columns))
    images = None
    if Consumes.IMAGES in member.consumes:
        images = StoredImages(work.plans[number], [image.items[number] for image in usable])
    return Examples(ids=ids, features=features, images=images)


def _stain(usable: Sequence[MeasuredImage]) -> FloatArray:
    return np.array([image.stain for image in usable])


def _own(usable: Sequence[MeasuredImage]) -> list[Scale | None]:
    return [image.own for image in usable]


def _mean(tables: Sequence[FloatArray]) -> FloatArray:
    return tables[0] if len(tables) == 1 else np.mean(tables, axis=0)


def _pieces(count: int, columns: int) -> Iterator[tuple[int, int]]:
    """Cut a number of images into pieces: small first, so that rows soon come out."""
    largest = min(_LARGEST_PIECE, max(_FIRST_PIECE, _LARGEST_TABLE // max(1, columns)))
    start, size = 0, _FIRST_PIECE
    while start < count:
        yield start, min(count, start + size)
        start, size = start + size, min(largest, 4 * size)
