"""Run a recipe: images, then tables, then a directory that tells everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import pandas as pd

from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.store import Store
from leukokit.engine.data import OpenData, open_data
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.execution.secondary import discarded_folder, secondary_process
from leukokit.engine.explain_plan import (
    StepReason,
    explain,
    plan_record,
    previous_plan,
    reused_steps,
)
from leukokit.engine.explanations.alignment_stage import Alignment, align
from leukokit.engine.images.plan_building import fits_preprocessing
from leukokit.engine.images.stage import ImageTable, StepCount
from leukokit.engine.io.files import full_disk_named
from leukokit.engine.io.tables import csv_bytes, features_parquet, split_table
from leukokit.engine.journal import JournaledObserver
from leukokit.engine.metrics_record import mask_scores, metrics_record
from leukokit.engine.models.final_stage import asks_for_final, averages_folds, fit_final
from leukokit.engine.models.fit_directories import forget_checkpoints
from leukokit.engine.models.fold_stage import CHECKPOINTS, FoldStage
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.layout import FINAL
from leukokit.engine.protocols import FOLDER, Division, Evaluated, divide, side_by_side
from leukokit.engine.provenance import provenance
from leukokit.engine.publish import (
    check_some_usable,
    publish_average,
    publish_cells,
    publish_fold,
    publish_pipeline,
    publish_rejected,
)
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import FoldRun, RunResult, fitted_folds
from leukokit.engine.run_scores import score_runs
from leukokit.engine.scale.find import Scales, asks_for_scale
from leukokit.engine.scale.stage import STEP as SCALE
from leukokit.engine.scale.table import scale_summary, scale_table, scale_words
from leukokit.errors import EXIT_DONE, EXIT_TOO_MANY_REJECTED, DataError, RunFailed
from leukokit.evaluation.splits import Fold
from leukokit.number_text import counted_were
from leukokit.process.scratch import scratch_folder, sweep
from leukokit.recipe import Recipe
from leukokit.record.base import FORMAT
from leukokit.record.files import METRICS, PLAN, PROVENANCE, RESOLVED
from leukokit.record.metrics import Metrics, Protocol
from leukokit.record.provenance import RunStatus, RunWorkers
from leukokit.record.recipe import ResolvedRecipe


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
    executor : Executor
    said : tuple of str
        Warnings that were given before; none is given again.
    """

    out: Path = Path("runs")
    directory: Path | None = None
    cache: Path | None = None
    executor: Executor = field(default_factory=ProcessExecutor)
    said: tuple[str, ...] = ()


Finisher = Callable[[RunResult, RunDirectory], None]
"""Adds to the run directory before ``status.json`` closes it (figures, a report)."""


def run(
    recipe: Recipe,
    options: RunOptions,
    *,
    observer: Observer | None = None,
    finishers: Sequence[Finisher] = (),
) -> RunResult:
    """Run a recipe.

    A secondary process of a training over several machines computes the same results and keeps no run: its
    directory is a temporary one, without figures and report, and is never closed.

    Raises
    ------
    LeukokitError
        With what is wrong, where, and the exit code; the run directory tells how far the run came.
    """
    observer = observer or Observer()
    started = monotonic()
    sweep()
    secondary = secondary_process(recipe)
    if secondary:
        options, finishers = replace(options, out=discarded_folder(), directory=None), ()
        observer.say(f"{secondary} helps to train; the first process publishes, this one discards its run")
    data = open_data(recipe, executor=options.executor, observer=observer)
    plan_id = digest(recipe.resolved(), [item.key for item in data.items])
    path = options.directory or RunDirectory.fresh(options.out, recipe.name, plan_id)
    with RunDirectory(path) as directory, ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        directory.journal.write("run_started", recipe=recipe.name, plan=plan_id, images=len(data.items))
        try:
            with full_disk_named(f"{path} or {scratch}"):
                result = _Run(
                    recipe,
                    options,
                    JournaledObserver(observer, directory.journal),
                    data,
                    directory,
                    scratch,
                ).result()
                for finisher in finishers:
                    finisher(result, directory)
        except BaseException as error:
            with suppress(RunFailed):  # a full disk has no room for this line either: the error itself counts
                directory.journal.write("run_failed", error=type(error).__name__, message=str(error))
            raise
        forget_checkpoints(directory.folder(CHECKPOINTS))
        directory.journal.write("run_finished", exit_code=result.exit_code)
        if secondary:
            return result
        rejected = len(result.folds[0].images.rejected)
        directory.finish(
            RunStatus(
                format=FORMAT,
                status="done" if result.exit_code == EXIT_DONE else "too many images rejected",
                exit_code=result.exit_code,
                images=len(data.items),
                rejected=rejected,
                synthetic=data.stamp is not None,
                seconds=round(monotonic() - started, 3),
            )
        )
    return result


@dataclass
class _Run:
    """One run while it goes on."""

    recipe: Recipe
    options: RunOptions
    observer: Observer
    data: OpenData
    directory: RunDirectory
    scratch: Path

    def __post_init__(self) -> None:
        for note in self.recipe.notes:
            self.observer.warn(note)
        cache = self.options.cache
        store = Store(cache, self.observer.warn, self.options.said) if cache else None
        self.samples = {item.sample.id: item.sample for item in self.data.items}
        self.divisions = self._divisions()
        self.averages = averages_folds(self.recipe, self.divisions)
        folds = [fold for division in self.divisions for fold in division.folds]
        self.stage = FoldStage(
            self.recipe,
            self.data,
            {name for fold in folds for name in fold.parts} if folds else self.samples.keys(),
            self.directory,
            store,
            self.options.executor,
            self.observer,
            self.scratch,
        )

    def result(self) -> RunResult:
        recipe, directory = self.recipe, self.directory
        directory.write("recipe.yaml", recipe.text)
        resolved = ResolvedRecipe.model_validate(recipe.resolved(absolute=True))
        directory.write(RESOLVED.name, resolved.to_bytes())
        executor = self.options.executor
        workers = RunWorkers(executor=executor.name, count=executor.count)
        made = provenance(recipe, self.data, workers)
        directory.write(PROVENANCE.name, made.to_bytes())
        folds = self.divisions[0].folds if self.divisions else ()
        if folds:
            directory.write("split.csv", csv_bytes(split_table(folds, self.samples)))
        runs = self._headline(folds)
        images = runs[0].images
        parts = {} if len(folds) != 1 else folds[0].parts
        if recipe.features:
            table = features_parquet(images.features, self.samples, images.status, parts, self.data.stamp)
            directory.write("features.parquet", table)
        if images.masks is not None:
            directory.write("masks.csv", csv_bytes(images.masks, index=True))
        sizes = self._scale_table(runs[0])
        alignment = self._alignment(runs)
        record, predicted = self._scored(runs, alignment, sizes)
        final = self._final(runs)
        return RunResult(
            path=directory.path,
            recipe=recipe,
            data=self._scaled_data(runs[0]),
            folds=runs,
            record=record,
            predictions=predicted,
            features=images.features,
            masks=images.masks,
            alignment=alignment,
            scales=sizes,
            reasons=self._reasons(runs),
            exit_code=self._exit_code(images),
            final=final,
        )

    def _scored(
        self, runs: Sequence[FoldRun], alignment: Alignment | None, sizes: pd.DataFrame | None
    ) -> tuple[Metrics, pd.DataFrame | None]:
        """Write predictions and scores, of the other protocols too; the record is empty without any."""
        masks = runs[0].images.masks
        scores = score_runs(self.recipe, self.data, next(iter(self.divisions), None), runs)
        scores.write(self.directory)
        leaks = self._leaks(runs) if self.recipe.classify else None
        protocols = None
        if self.recipe.model.evaluate and self.recipe.classify is not None:
            protocols = self._protocols(scores.evaluated(self.divisions[0], runs))
        record = Metrics()
        if self.recipe.classify is not None or not (sizes is None and masks is None and alignment is None):
            record = metrics_record(
                scores.parts,
                synthetic=self._synthetic,
                by_group=scores.by_group,
                subgroups=scores.subgroups,
                leaks=leaks,
                protocols=protocols,
                scale=None if sizes is None else scale_summary(sizes, self.stage.scales.setting),
                segmentation=None if masks is None else mask_scores(masks, self.samples),
                alignment=None if alignment is None else alignment.regions(),
            )
            self.directory.write(METRICS.name, record.to_bytes())
        return record, scores.predictions

    @property
    def _synthetic(self) -> bool:
        return self.data.stamp is not None

    def _divisions(self) -> tuple[Division, ...]:
        model = self.recipe.model
        needed = self.recipe.classify is not None or model.split is not None or bool(model.evaluate)
        if not needed and not fits_preprocessing(self.recipe):
            return ()
        return divide(self.recipe, self.data, self.observer)

    def _headline(self, folds: Sequence[Fold]) -> list[FoldRun]:
        """Run the folds that the run directory itself is about."""
        first = self.stage.images(folds[0] if folds else None, cells=self.recipe.model.cells is not None)
        publish_rejected(self.directory, first.images, self.data.source, self.observer)
        check_some_usable(self.directory, first.images)
        publish_cells(self.directory, self.recipe, first, folds, self.data.stamp, self.observer)
        if self.recipe.classify is None or not folds:
            return [first, *(self.stage.images(fold) for fold in folds[1:])]
        several = len(folds) > 1
        runs = [self.stage.fit(fold, folder="", several=several, explain=True) for fold in folds]
        for name, fitted in fitted_folds(runs).items():
            publish_fold(self.directory, fitted, name if several else None)
            publish_pipeline(self.directory, fitted, name if several else None, self.observer)
        return [replace(runs[0], plan=first.plan), *runs[1:]]

    def _final(self, runs: Sequence[FoldRun]) -> FoldRun | None:
        """Fit on all data, or average the folds, where the recipe has folds or asks for it."""
        if self.averages:
            publish_average(self.directory, self.recipe, fitted_folds(runs), self.stage.groups, self.observer)
        if not asks_for_final(self.recipe, self.divisions):
            return None
        final = fit_final(self.stage, fitted_folds(runs))
        if final is not None and final.fitted is not None:
            publish_fold(self.directory, final.fitted, FINAL)
            publish_pipeline(self.directory, final.fitted, FINAL, self.observer)
        return final

    def _protocols(self, headline: Evaluated) -> tuple[Protocol, ...]:
        """Evaluate under every other protocol; one that cannot be costs the headline nothing."""
        evaluated = [headline]
        for division in self.divisions[1:]:
            self.observer.say(f"protocol {division.name}: {division.description}")
            try:
                evaluated.append(self._protocol(division))
            except DataError as error:
                self.observer.warn(f"protocol {division.name} could not be evaluated: {error}")
                evaluated.append(Evaluated(division, error=str(error)))
        return side_by_side(evaluated)

    def _protocol(self, division: Division) -> Evaluated:
        """Fit and score one protocol; its division, predictions and scores go into a folder of its own."""
        folder, several = f"{FOLDER}/{division.name}", len(division.folds) > 1
        runs = [
            self.stage.fit(fold, folder=folder, several=several, explain=False) for fold in division.folds
        ]
        scores = score_runs(self.recipe, self.data, division, runs)
        self.directory.write(f"{folder}/split.csv", csv_bytes(split_table(division.folds, self.samples)))
        scores.write(self.directory, f"{folder}/")
        record = metrics_record(
            scores.parts, synthetic=self._synthetic, by_group=scores.by_group, subgroups=scores.subgroups
        )
        self.directory.write(f"{folder}/{METRICS.name}", record.to_bytes())
        return scores.evaluated(division, runs)

    def _alignment(self, runs: Sequence[FoldRun]) -> Alignment | None:
        items = {
            run.fold.name: {item.sample.id: item for item in run.items}
            for run in runs
            if run.fold is not None
        }
        alignment = align(fitted_folds(runs), items, seed=self.recipe.seed, observer=self.observer)
        if alignment is not None:
            self.directory.write("explanations/alignment.csv", csv_bytes(alignment.table))
            self.directory.write("explanations/alignment_summary.csv", csv_bytes(alignment.summary))
        return alignment

    @property
    def _scales(self) -> Scales | None:
        return self.stage.scales if asks_for_scale(self.recipe) else None

    def _scale_table(self, run: FoldRun) -> pd.DataFrame | None:
        """Write the scale of every image that could be used; None where nothing asks for it."""
        scales = self._scales
        if scales is None:
            return None
        usable = [item for item in run.items if item.sample.id in run.images.features.index]
        table = scale_table(usable, scales.own.scales)
        self.directory.write("scale.csv", csv_bytes(table))
        for id_, note in scales.notes.items():
            self.directory.journal.write("scale", id=id_, note=note)
        self.observer.say(scale_words(scale_summary(table, scales.setting)))
        return table

    def _scaled_data(self, run: FoldRun) -> OpenData:
        """Give the data set, whose images have their scale: pictures and audit work at the same."""
        scaled = {item.index: item for item in run.items}
        return replace(self.data, items=tuple(scaled.get(item.index, item) for item in self.data.items))

    def _leaks(self, runs: Sequence[FoldRun]) -> tuple[str, ...]:
        """Collect what the models know that they should not, and warn of it."""
        leaks = tuple(dict.fromkeys(leak for fitted in fitted_folds(runs).values() for leak in fitted.leaks))
        for leak in leaks:
            self.observer.warn(f"LEAK: {leak}")
        return leaks

    def _reasons(self, runs: Sequence[FoldRun]) -> list[StepReason]:
        scales = self._scales
        record = plan_record(self.recipe, runs[0].plan, scales)
        before = previous_plan(self.directory.path.parent, self.directory.path)
        self.directory.write(PLAN.name, record.to_bytes())
        counts: dict[str, StepCount] = dict(runs[0].images.counts)
        if scales is not None:
            counts[SCALE] = scales.own.count
        reasons = explain(
            record, before, counts, reused=reused_steps(self.recipe, fitted_folds(runs).values())
        )
        for reason in reasons:
            self.directory.journal.write("step", step=reason.step, did=reason.did, why=reason.why)
        return reasons

    def _exit_code(self, images: ImageTable) -> int:
        allowed = self.recipe.model.max_rejected
        if allowed is not None and len(images.rejected) > allowed:
            self.observer.warn(
                f"{counted_were(len(images.rejected), 'image')} rejected, more than max_rejected: {allowed}"
            )
            return EXIT_TOO_MANY_REJECTED
        return EXIT_DONE
