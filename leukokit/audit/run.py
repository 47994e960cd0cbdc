"""Audit a data set or a run: make every check once and report the findings."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.api import GroupKind, Part
from leukokit.audit.all_checks import AuditChecks
from leukokit.audit.audit_input import AuditInput
from leukokit.audit.findings import AuditLevel, CheckFinding, skipped, worst
from leukokit.audit.measure import measure
from leukokit.audit.pairs.find import PairSettings, find_pairs
from leukokit.audit.probes.against_model import PairedAnswers
from leukokit.audit.probes.paired_records import needed_record, probe_record, shortcut_free
from leukokit.audit.probes.probe import ModelScore, ProbeResult
from leukokit.audit.recipe_model import images_and_model, right_by_image, score_in_metrics
from leukokit.engine.cache.store import Store
from leukokit.engine.data import OpenData, open_data
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item
from leukokit.engine.images.plan_building import ImageComponents
from leukokit.engine.io.pictures import MOST_NAMED, Thumbnails, audited_ids
from leukokit.engine.io.reading import pixels
from leukokit.engine.models.pooled_predictions import pooled_predictions
from leukokit.engine.observer import Observer
from leukokit.engine.protocols import divide
from leukokit.engine.provenance import groups_are
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult, fitted_folds
from leukokit.engine.scale.find import find_scales
from leukokit.engine.scale.stage import OwnScales, own_scales
from leukokit.engine.scale.table import scale_table
from leukokit.errors import DataError
from leukokit.evaluation.splits import Fold
from leukokit.notice import NOTICE
from leukokit.process import stop
from leukokit.process.scratch import sweep
from leukokit.recipe import Recipe
from leukokit.record.audit import AuditRecord, AuditSplit
from leukokit.record.base import FORMAT
from leukokit.record.files import AUDIT


@dataclass(frozen=True)
class Audit:
    """Result of an audit.

    Attributes
    ----------
    images : int
        Images in the data set, readable or not.
    synthetic : bool
        True where the images are not photographs of real smears.
    split : AuditSplit or None
        Name and number of images of each part.
    model : ModelScore or None
        The recipe's model on the part that probes are scored on.
    findings : tuple of CheckFinding
        Most serious first.
    probes : tuple of ProbeResult
    groups : mapping of str to str
        Group of each image, where images that show the same cells share a group; ``data.groups`` of a recipe
        takes it.
    settings : mapping
        The recipe's ``audit`` section.
    readable : mapping of id to Item
        Images that could be read.
    audit_input : AuditInput or None
        What was audited.
    answers : PairedAnswers or None
        Model and probes image by image; None where the answers of a model are not known.
    """

    images: int
    synthetic: bool
    split: AuditSplit | None
    model: ModelScore | None
    findings: tuple[CheckFinding, ...]
    probes: tuple[ProbeResult, ...]
    settings: Mapping[str, Any]
    groups: Mapping[str, str] = field(default_factory=dict)
    readable: Mapping[str, Item] = field(default_factory=dict)
    audit_input: AuditInput | None = None
    answers: PairedAnswers | None = None

    @property
    def kind(self) -> GroupKind | None:
        """What a group of images is; None where nobody said."""
        given = self.audit_input
        return None if given is None else groups_are(given.recipe, given.data)

    @property
    def level(self) -> AuditLevel:
        """The most serious level of all findings and probes."""
        return worst([*(finding.level for finding in self.findings), *(probe.level for probe in self.probes)])

    def record(self) -> AuditRecord:
        """Give the content of audit.json; it depends on images, recipe and library versions alone."""
        return AuditRecord(
            format=FORMAT,
            level=self.level.value,
            images=self.images,
            synthetic=self.synthetic,
            split=self.split,
            model=None if self.model is None else self.model.record(),
            findings=tuple(finding.record() for finding in self.findings),
            probes=tuple(probe_record(probe, self.answers) for probe in self.probes),
            shortcut_free=shortcut_free(self.answers),
            needed=needed_record(self.answers, self.kind),
            settings=self.settings,
            notice=NOTICE,
        )


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """Where and how an audit runs; no option changes a finding.

    Attributes
    ----------
    cache : Path or None
        Cache folder; None for no cache.
    executor : Executor
    said : tuple of str
        Warnings that were given before; none is given again.
    """

    cache: Path | None = None
    executor: Executor = field(default_factory=ProcessExecutor)
    said: tuple[str, ...] = ()


def audit_data(recipe: Recipe, options: AuditOptions, observer: Observer | None = None) -> Audit:
    """Audit a recipe's data set under the recipe's split; only the probes are fitted.

    Parameters
    ----------
    recipe : Recipe
        Only ``data`` is needed; without ``split``, the default split of the data set is used.
    options : AuditOptions
    observer : Observer, optional

    Raises
    ------
    DataError
        Where the data set is missing or empty. An image in two classes is a finding, not an error.
    """
    sweep()
    observer = observer or Observer()
    store = Store(options.cache, observer.warn, options.said) if options.cache is not None else None
    data = open_data(recipe, executor=options.executor, observer=observer, conflicts=True)
    folds, why = _folds(recipe, data, observer)
    images, model, leaks = images_and_model(
        recipe, data, folds, store=store, executor=options.executor, observer=observer
    )
    audit_input = AuditInput(recipe, data, folds, why, images, model, leaks)
    return audit(audit_input, store=store, executor=options.executor, observer=observer)


def audit(audit_input: AuditInput, *, store: Store | None, executor: Executor, observer: Observer) -> Audit:
    """Run every check."""
    data = audit_input.data
    measured = measure(
        data.dataset, data.items, audit_input.reading, store=store, executor=executor, observer=observer
    )
    spec = audit_input.recipe.model.audit
    pairs = find_pairs(
        data.dataset,
        measured.items,
        audit_input.reading,
        measured.hashes,
        PairSettings(lags=spec.lags, seed=audit_input.recipe.seed),
        aspects=measured.size[:, 0] / measured.size[:, 1],
        executor=executor,
        store=store,
        observer=observer,
    )
    scales = scales_of(audit_input, measured.items, store=store, executor=executor, observer=observer)
    checks = AuditChecks(audit_input, measured, pairs, scales, store)
    probes = checks.probes(observer)
    findings = sorted(checks.findings(), key=lambda finding: -finding.level.rank)
    return Audit(
        images=len(data.items),
        synthetic=data.stamp is not None,
        split=audit_input.split,
        model=audit_input.model,
        findings=tuple(findings),
        probes=tuple(probes),
        settings=spec.model_dump(mode="json"),
        groups=checks.groups(),
        readable={item.sample.id: item for item in measured.items},
        audit_input=audit_input,
        answers=checks.against_model(probes),
    )


def audit_pictures(audit: Audit, cache: Path | None = None) -> dict[str, bytes]:
    """Thumbnails (WebP) of images that findings list, by id; each finding gets its share of them."""
    if audit.audit_input is None:
        return {}
    dataset, options = audit.audit_input.data.dataset, audit.audit_input.reading
    thumbnails = Thumbnails(
        lambda item: pixels(dataset, item.sample, item.key, options)[0],
        Store(cache) if cache is not None else None,
        options.key(),
    )
    named = audited_ids(audit.record())[:MOST_NAMED]
    items = [audit.readable[name] for name in named if name in audit.readable]
    drawn = thumbnails.of(items)
    return {item.sample.id: drawn[item.index] for item in items if item.index in drawn}


def audit_finisher(
    executor: Executor, observer: Observer | None = None
) -> Callable[[RunResult, RunDirectory], None]:
    """Return the function that writes ``audit.json`` at the end of a run.

    An error in the audit becomes a skipped finding, so that the results of a long run are not lost.
    """

    def write_audit(result: RunResult, directory: RunDirectory) -> None:
        if not result.recipe.model.audit.enabled:
            return
        watch = observer or Observer()
        try:
            audited = _audit_run(result, executor, watch)
        except Exception as error:  # an error of any kind must not end the run
            stop.check(error)
            directory.journal.write(
                "audit_failed",
                error=type(error).__name__,
                message=str(error),
                traceback=traceback.format_exc(),
            )
            watch.warn(f"the audit failed ({type(error).__name__}: {error}); all other results are complete")
            audited = _failed(result, error)
        directory.write(AUDIT.name, audited.record().to_bytes())

    return write_audit


def _audit_run(result: RunResult, executor: Executor, observer: Observer) -> Audit:
    folds: Sequence[Fold] = [
        result_of_fold.fold for result_of_fold in result.folds if result_of_fold.fold is not None
    ]
    why = "" if folds else "the recipe has no split"
    if not folds:
        folds, why = _folds(result.recipe, result.data, observer)
    first = result.folds[0]
    audit_input = AuditInput(
        recipe=result.recipe,
        data=result.data,
        folds=folds,
        no_split=why,
        images=first.images,
        model=_model_of(result),
        leaks=result.record.leaks,
    )
    return audit(audit_input, store=first.plan.store, executor=executor, observer=observer)


def _model_of(result: RunResult) -> ModelScore | None:
    """Score of the model of a run, with its answer to each image."""
    model = score_in_metrics(result.recipe, result.record)
    rows = None if model is None else pooled_predictions(fitted_folds(result.folds), Part(model.part))
    return model if model is None or rows is None else replace(model, right=right_by_image(rows))


def scales_of(
    audit_input: AuditInput,
    items: Sequence[Item],
    *,
    store: Store | None,
    executor: Executor,
    observer: Observer,
) -> pd.DataFrame:
    """Measure the scale of the readable images, whether or not a step of the recipe uses it."""
    progress = _Progress(observer)
    recipe, data = audit_input.recipe, audit_input.data

    def measured() -> OwnScales:
        reading = ImageComponents.of(recipe).reading
        return own_scales(
            data.dataset,
            items,
            reading,
            fields=data.fields,
            store=store,
            executor=executor,
            observer=progress,
        )

    scales = find_scales(
        recipe, data, items, measured=measured, store=store, threads=executor.count, observer=progress
    )
    parts = audit_input.folds[0].parts if audit_input.folds else None
    return scale_table(scales.given_to(items, parts), scales.own.scales)


class _Progress(Observer):
    """Passes on progress only, since the run has already shown its messages and warnings."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def stage(self, name: str, total: int) -> None:
        """Pass the stage on, as one of the audit."""
        self._observer.stage(f"audit: {name}", total)

    def advance(self, count: int = 1) -> None:
        """Pass the count on."""
        self._observer.advance(count)


def _folds(recipe: Recipe, data: OpenData, observer: Observer) -> tuple[Sequence[Fold], str]:
    """Folds of the recipe's split or first protocol; none and the reason where that is impossible."""
    try:
        return divide(recipe, data, observer)[0].folds, ""
    except DataError as error:
        return (), str(error)


def _failed(result: RunResult, error: Exception) -> Audit:
    finding = skipped(
        "audit",
        f"the audit failed: {error}",
        "Run 'leukokit audit' on the recipe to see the error by itself; the scores of this run stand.",
    )
    return Audit(
        images=len(result.data.items),
        synthetic=result.data.stamp is not None,
        split=None,
        model=score_in_metrics(result.recipe, result.record),
        findings=(finding,),
        probes=(),
        settings=result.recipe.model.audit.model_dump(mode="json"),
    )
