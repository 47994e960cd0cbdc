"""Answers for patients and counts of cells, beside the rows of single images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from leukokit.api import Dataset, RGBImage, Sample
from leukokit.catalog import discover
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.engine.prediction.by_group import GroupAnswers, given_groups
from leukokit.engine.prediction.differential import DifferentialCount
from leukokit.engine.prediction.field_cells import FIELD_SEGMENTER, cells_of_fields
from leukokit.engine.prediction.given import given_images, with_groups
from leukokit.engine.prediction.labels import true_classes
from leukokit.engine.prediction.predictor import Predictor
from leukokit.errors import UsageError

Given: TypeAlias = str | Path | RGBImage | Iterable[Sample | str | Path | RGBImage]
"""Images as a Python caller names them."""


class PatientPredictor(Predictor):
    """Answers for patients, and counts the cells of fields; what fitted pipelines and their mean share."""

    def predict_groups(
        self,
        images: Given,
        groups: Sequence[str] | None = None,
        *,
        dataset: Dataset | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Answer for patients (or slides), as ``leukokit predict --by-group`` does.

        Parameters
        ----------
        images
            As ``predict`` takes them, a table with the columns ``path`` and ``group`` among them.
        groups : sequence of str, optional
            Patient of each image; where omitted, that of its table or of the folder in which it lies.
        dataset, workers, executor, store, observer
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            One row a group, by name: ``group``, ``predicted``, ``p_<class>``, ``decision`` (accept or
            refer), ``positive`` with an operating point, ``images`` that were used, ``rejected`` and
            ``unlike`` ones, ``how``, ``status``.

        Raises
        ------
        UsageError
            Where the recipe of the model has no ``answer``, no group is known, or not each image has one of
            ``groups``; otherwise as :meth:`predict`.
        """
        chosen = executor or self._own_executor(workers)
        return self._answers(images, groups, dataset, chosen, store, observer).table()

    def group_attention(
        self,
        images: Given,
        groups: Sequence[str] | None = None,
        *,
        dataset: Dataset | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Tell which images carry the answers of :meth:`predict_groups`, whose parameters it takes.

        Returns
        -------
        DataFrame
            One row an image: ``group``, ``image`` and ``attention``, which sums to 1 over a group; the
            largest of each group first.

        Raises
        ------
        UsageError
            Where the model's answers are not those of attention; otherwise as :meth:`predict_groups`.
        """
        if self.answer is not None and not self.answer.attends:
            raise UsageError(
                f"this model answers for groups by {self.answer.way}, not with attention",
                hint="Add attention to 'answer.how' of the recipe and run it again",
            )
        chosen = executor or self._own_executor(workers)
        table = self._answers(images, groups, dataset, chosen, store, observer).attention()
        assert table is not None
        return table

    def _answers(
        self,
        images: Given,
        groups: Sequence[str] | None,
        dataset: Dataset | None,
        executor: Executor,
        store: Store | None,
        observer: Observer | None,
    ) -> GroupAnswers:
        with given_images(images, dataset) as samples:
            given = with_groups(samples, groups)
            in_folders = true_classes(given, self.classes).in_folders
            known = given_groups(given, classes_in_folders=in_folders)
            answers = GroupAnswers.of(self.answer, self.deciding, known)
            for piece in self.stream(
                given, dataset=dataset, executor=executor, store=store, observer=observer
            ):
                answers.add(piece)
        return answers

    def count_cells(
        self,
        fields: Given,
        groups: Sequence[str] | None = None,
        *,
        segmenter: str = FIELD_SEGMENTER,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Count the classes of the white cells of fields, as ``leukokit predict --counts`` does.

        Parameters
        ----------
        fields
            Images with files, or arrays, as :meth:`predict` takes them.
        groups : sequence of str, optional
            Patient of each field; where omitted, the column ``group`` of a table.
        segmenter : str
            Finds the cells.
        workers, executor, store, observer
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            One row a class of each field, of each patient and of all: ``level`` (``field``, ``patient`` or
            ``all``), ``id``, ``cells``, ``rejected``, ``class``, ``count``, ``share``, ``low`` and ``high``
            (95 %, Wilson), ``answer``, ``p_answer``.

        Raises
        ------
        CatalogError
            Where there is no such segmenter.
        RunFailed
            Where no cell is found.
        UsageError
            Where the segmenter makes no white cells; otherwise as :meth:`predict`.
        """
        observer = observer or Observer()
        entry = discover().get("segmenter", segmenter)
        executor = executor or self._own_executor(workers, entry)
        with given_images(fields, None) as samples:
            given = with_groups(samples, groups)
            found = cells_of_fields(
                given,
                entry,
                self.members[0],
                executor=executor,
                store=store,
                observer=observer,
            )
            found.refuse_none(segmenter, len(given))
            count = DifferentialCount(self.classes, list(given))
            for piece in self.stream(found.cells, executor=executor, store=store, observer=observer):
                count.add(piece)
        return count.table()
