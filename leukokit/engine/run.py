"""Run a recipe: images, then tables, then a directory that tells everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from leukokit.api import Consumes, Examples, Labels, Part, RGBImage
from leukokit.catalog import Catalog
from leukokit.engine.alignment_stage import Alignment, align
from leukokit.engine.chain import fits_preprocessing, image_plan
from leukokit.engine.data import OpenData, make_split, merged_groups, open_data
from leukokit.engine.executors import Workers
from leukokit.engine.image_plan import ImagePlan, Item
from leukokit.engine.image_stage import ImageTable, StepCount, run_image_stage
from leukokit.engine.image_work import image_and_labels
from leukokit.engine.keys import digest
from leukokit.engine.model_stage import TRAINING, CandidateTable, FittedFold, fit_fold
from leukokit.engine.observer import Observer, Silent
from leukokit.engine.provenance import provenance
from leukokit.engine.publish import publish_fold, publish_rejected
from leukokit.engine.reasons import (
    PLAN_FILE,
    StepReason,
    explain,
    plan_record,
    previous_plan,
    step_id,
)
from leukokit.engine.results import fold_metrics, predictions
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.store import Store
from leukokit.engine.stored_images import StoredImages
from leukokit.engine.tables import csv_bytes, features_parquet, split_table
from leukokit.engine.workspace import FitPlaces, forget_checkpoints
from leukokit.errors import EXIT_DONE, EXIT_TOO_MANY_REJECTED, RunFailed
from leukokit.evaluation.masks import summarize
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe

CHECKPOINTS = ".checkpoints"
"""Folder of the run directory for checkpoints that the cache cannot hold."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where a run writes and how it works; none of it changes a result.

    Attributes
    ----------
    out : Path
        Folder of all runs.
    directory : Path or None
        The very run directory; a fresh one under ``out`` where None.
    cache : Path or None
        Cache folder; None to keep nothing.
    workers : Workers
    """

    out: Path = Path("runs")
    directory: Path | None = None
    cache: Path | None = None
    workers: Workers = field(default_factory=Workers)


@dataclass(frozen=True)
class FoldRun:
    """One fold: its division, the images' plan and table, and the fitted model."""

    fold: Fold | None
    plan: ImagePlan
    images: ImageTable
    fitted: FittedFold | None


@dataclass(frozen=True)
class RunResult:
    """What came out of a run; everything in it is also in the files under ``path``.

    Attributes
    ----------
    path : Path
        The run directory.
    metrics : mapping
        Content of ``metrics.json``.
    predictions : DataFrame or None
        Content of ``predictions.csv``.
    features : DataFrame
        Features of the first fold, indexed by sample id.
    masks : DataFrame or None
        Agreement with ground truth, one row an image.
    alignment : Alignment or None
        Where the heat of explained images lies.
    reasons : sequence of StepReason
        Why each step ran.
    exit_code : int
        0, or 3 where more images were rejected than the recipe allows.
    """

    path: Path
    recipe: Recipe
    data: OpenData
    folds: Sequence[FoldRun]
    metrics: Mapping[str, Any]
    predictions: pd.DataFrame | None
    features: pd.DataFrame
    masks: pd.DataFrame | None
    alignment: Alignment | None
    reasons: Sequence[StepReason]
    exit_code: int

    @property
    def stamp(self) -> str | None:
        """Text that marks every output of synthetic data; None for real images."""
        return self.data.stamp

    def pictures(self, items: Sequence[Item]) -> Iterator[tuple[Item, RGBImage, Labels]]:
        """Preprocessed images with their label images; those that were rejected are left out."""
        # Only images that workers came through with: one that crashed a worker would crash this process.
        plan = self.folds[0].plan
        for item in items:
            found = image_and_labels(plan, item) if item.sample.id in self.features.index else None
            if found is not None:
                yield item, *found


Finisher = Callable[[RunResult, RunDirectory], None]
"""Adds to the run directory before ``status.json`` closes it (figures, a report)."""


def run(
    recipe: Recipe,
    catalog: Catalog,
    options: RunOptions,
    *,
    observer: Observer | None = None,
    finishers: Sequence[Finisher] = (),
) -> RunResult:
    """Run a recipe.

    Raises
    ------
    LeukokitError
        With what is wrong, where, and the exit code; the run directory tells how far the run came.
    """
    observer = observer or Silent()
    started = monotonic()
    data = open_data(recipe, catalog, threads=options.workers.count, observer=observer)
    plan_id = digest(recipe.resolved(), [item.key for item in data.items])
    path = options.directory or RunDirectory.fresh(options.out, recipe.name, plan_id)
    with RunDirectory(path) as directory, ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leukokit-")))
        directory.journal.write("run_started", recipe=recipe.name, plan=plan_id, images=len(data.items))
        try:
            result = _Run(
                recipe, catalog, options, _Journaled(observer, directory), data, directory, scratch
            ).result()
            for finisher in finishers:
                finisher(result, directory)
        except BaseException as error:
            directory.journal.write("run_failed", error=type(error).__name__, message=str(error))
            raise
        forget_checkpoints(directory.folder(CHECKPOINTS))
        directory.journal.write("run_finished", exit_code=result.exit_code)
        rejected = len(result.folds[0].images.rejected)
        directory.finish(
            {
                "status": "done" if result.exit_code == EXIT_DONE else "too many images rejected",
                "exit_code": result.exit_code,
                "images": len(data.items),
                "rejected": rejected,
                "synthetic": data.stamp is not None,
                "seconds": round(monotonic() - started, 3),
            }
        )
    return result


class _Journaled:
    """Pass on to the user's observer and keep stages and warnings in the journal."""

    def __init__(self, observer: Observer, directory: RunDirectory) -> None:
        self._observer = observer
        self._journal = directory.journal

    def stage(self, name: str, total: int) -> None:
        self._journal.write("stage", name=name, total=total)
        self._observer.stage(name, total)

    def advance(self, count: int = 1) -> None:
        self._observer.advance(count)

    def say(self, text: str) -> None:
        self._journal.write("said", text=text)
        self._observer.say(text)

    def warn(self, text: str) -> None:
        self._journal.write("warning", text=text)
        self._observer.warn(text)


@dataclass
class _Run:
    """One run while it goes on."""

    recipe: Recipe
    catalog: Catalog
    options: RunOptions
    observer: Observer
    data: OpenData
    directory: RunDirectory
    scratch: Path

    def __post_init__(self) -> None:
        self.store = Store(self.options.cache, self.observer.warn) if self.options.cache else None
        self.items = {item.sample.id: item for item in self.data.items}
        self.samples = {name: item.sample for name, item in self.items.items()}
        self.has_truth = self._has_truth()
        self._tables: dict[str, ImageTable] = {}

    def _has_truth(self) -> bool:
        """Whether the data set has masks of a role that the segmenter makes."""
        if self.recipe.segment is None:
            return False
        masks = (self.data.dataset.truth(item.sample) for item in self.data.items)
        first = next((truth for truth in masks if truth is not None), None)
        return first is not None and bool(set(first.roles) & set(self.recipe.segment.component.roles()))

    def result(self) -> RunResult:
        recipe, directory = self.recipe, self.directory
        directory.write("recipe.yaml", recipe.text)
        directory.write_json("resolved.json", recipe.resolved())
        workers = self.options.workers
        facts = {"executor": workers.kind.value, "count": workers.count}
        directory.write_json("provenance.json", provenance(recipe, self.data.items, facts, self.data.stamp))
        folds = self._folds()
        if folds:
            directory.write("split.csv", csv_bytes(split_table(folds, self.samples)))
        several = len(folds) > 1
        runs = [self._fold(fold, i, several=several) for i, fold in enumerate(folds)] or [self._fold(None, 0)]
        images = runs[0].images
        parts = {} if len(folds) != 1 else folds[0].parts
        if recipe.features:
            table = features_parquet(images.features, self.samples, images.status, parts, self.data.stamp)
            directory.write("features.parquet", table)
        if images.masks is not None:
            directory.write("masks.csv", csv_bytes(images.masks, index=True))
        alignment = self._alignment(runs)
        metrics = self._metrics(runs, alignment)
        predicted = predictions(_fitted(runs), self.samples, self.data.name) if recipe.classify else None
        if predicted is not None:
            directory.write("predictions.csv", csv_bytes(predicted))
        if metrics:
            directory.write_json("metrics.json", metrics)
        return RunResult(
            path=directory.path,
            recipe=recipe,
            data=self.data,
            folds=runs,
            metrics=metrics,
            predictions=predicted,
            features=images.features,
            masks=images.masks,
            alignment=alignment,
            reasons=self._reasons(runs),
            exit_code=self._exit_code(images),
        )

    def _folds(self) -> list[Fold]:
        needed = self.recipe.classify is not None or self.recipe.model.split is not None
        if not needed and not fits_preprocessing(self.recipe):
            return []
        return list(make_split(self.recipe, self.data, self.observer))

    def _fold(self, fold: Fold | None, number: int, *, several: bool = False) -> FoldRun:
        plan, images = self._images(self.recipe, fold)
        if number == 0:
            publish_rejected(self.directory, images, self.data.name, self.observer)
        if not len(images.features):
            reasons = sorted({why.reason for _, why in images.rejected})
            raise RunFailed(
                f"every one of {len(images.rejected)} images was rejected ({', '.join(reasons)})",
                where=str(self.directory.path / "rejected.csv"),
            )
        if self.recipe.classify is None or fold is None:
            return FoldRun(fold, plan, images, None)
        candidates = [self._candidate(overrides, fold) for overrides in self.recipe.grid_points() or ({},)]
        scratch = self.scratch / str(number)
        places = FitPlaces(
            artifacts=self.directory.folder(f"{TRAINING}/{fold.name}" if several else TRAINING),
            checkpoints=self.directory.folder(CHECKPOINTS),
        )
        fitted = fit_fold(
            candidates, store=self.store, scratch=scratch, places=places, observer=self.observer
        )
        publish_fold(self.directory, fitted, fold.name if several else None, self.data.stamp)
        return FoldRun(fold, plan, images, fitted)

    def _candidate(self, overrides: Mapping[str, Any], fold: Fold) -> CandidateTable:
        recipe = self.recipe.with_overrides(overrides) if overrides else self.recipe
        plan, images = self._images(recipe, fold)
        good = [item for item in self.data.items if item.sample.id in images.features.index]
        groups = dict(zip((item.sample.id for item in good), merged_groups(good), strict=True))
        examples = {part: self._examples(plan, images, fold, part, groups) for part in Part}
        return CandidateTable(overrides, recipe, plan, examples)

    def _examples(
        self, plan: ImagePlan, images: ImageTable, fold: Fold, part: Part, groups: Mapping[str, str]
    ) -> Examples:
        assert self.recipe.classify is not None
        consumes = self.recipe.classify.component.consumes
        ids = [name for name in images.features.index if fold.parts.get(name) is part]
        return Examples(
            ids=ids,
            labels=np.array([self.samples[name].label for name in ids], dtype=np.str_),
            groups=np.array([groups[name] for name in ids], dtype=np.str_),
            features=images.features.loc[ids] if Consumes.FEATURES in consumes else None,
            images=StoredImages(plan, [self.items[name] for name in ids])
            if Consumes.IMAGES in consumes
            else None,
        )

    def _images(self, recipe: Recipe, fold: Fold | None) -> tuple[ImagePlan, ImageTable]:
        """Image stage of a recipe on a fold; folds and candidates with the same images share one table."""
        chosen = list(self.data.items)
        if fold is not None:
            chosen = [item for item in chosen if item.sample.id in fold.parts]
        training = [item for item in chosen if fold is not None and fold.parts[item.sample.id] is Part.TRAIN]
        plan = image_plan(
            recipe,
            self.data.dataset,
            training,
            store=self.store,
            has_truth=self.has_truth,
            observer=self.observer,
        )
        key = digest([step.key for step in plan.steps()], [item.index for item in chosen])
        if key not in self._tables:
            self._tables[key] = run_image_stage(plan, chosen, self.options.workers, self.observer)
        return plan, self._tables[key]

    def _alignment(self, runs: Sequence[FoldRun]) -> Alignment | None:
        found = align(_fitted(runs), self.items, seed=self.recipe.seed, observer=self.observer)
        if found is not None:
            self.directory.write("explanations/alignment.csv", csv_bytes(found.table))
            self.directory.write("explanations/alignment_summary.csv", csv_bytes(found.summary))
        return found

    def _metrics(self, runs: Sequence[FoldRun], alignment: Alignment | None) -> dict[str, Any]:
        metrics: dict[str, Any] = {}
        if self.recipe.classify is not None:
            metrics |= fold_metrics(_fitted(runs), seed=self.recipe.seed)
        if runs[0].images.masks is not None:
            metrics["segmentation"] = _json_table(summarize(runs[0].images.masks))
        if alignment is not None:
            metrics["alignment"] = alignment.metrics()
        if metrics:
            metrics["synthetic"] = self.data.stamp is not None
            metrics["notice"] = "Research use only. Not a medical device."
        return metrics

    def _reasons(self, runs: Sequence[FoldRun]) -> list[StepReason]:
        record = plan_record(self.recipe, runs[0].plan)
        before = previous_plan(self.directory.path.parent, self.directory.path)
        self.directory.write_json(PLAN_FILE, record)
        counts: dict[str, StepCount] = dict(runs[0].images.counts)
        reasons = explain(record, before, counts, reused=_reused(self.recipe, runs))
        for reason in reasons:
            self.directory.journal.write("step", step=reason.step, did=reason.did, why=reason.why)
        return reasons

    def _exit_code(self, images: ImageTable) -> int:
        allowed = self.recipe.model.max_rejected
        if allowed is not None and len(images.rejected) > allowed:
            self.observer.warn(
                f"{len(images.rejected)} images were rejected, more than max_rejected: {allowed}"
            )
            return EXIT_TOO_MANY_REJECTED
        return EXIT_DONE


def _fitted(runs: Sequence[FoldRun]) -> dict[str, FittedFold]:
    return {each.fold.name: each.fitted for each in runs if each.fold is not None and each.fitted is not None}


def _reused(recipe: Recipe, runs: Sequence[FoldRun]) -> dict[str, bool]:
    """Which steps after the images took everything from the cache, in all folds."""
    fitted = [each.fitted for each in runs if each.fitted is not None]
    models = bool(fitted) and all(each.reused for each in fitted)
    steps = [*recipe.select, *([recipe.classify] if recipe.classify else []), *recipe.explain]
    reused = {step_id(bound): models for bound in steps}
    explained = [found for each in fitted for found in each.explanations.values()]
    for step in {found.step for found in explained}:
        reused[step] = all(found.reused for found in explained if found.step == step)
    return reused


def _json_table(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    return {
        str(row): {str(name): None if np.isnan(value) else float(value) for name, value in values.items()}
        for row, values in table.iterrows()
    }
