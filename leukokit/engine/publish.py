"""Put into the run directory what images and fits came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from leukokit.engine.cell_table.write import CellFiles
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.io.tables import csv_bytes, rejected_table
from leukokit.engine.models.final_stage import average_folds
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.model_stage import MODEL, TRAINING
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.calibration_record import calibration_record
from leukokit.engine.pipeline.layout import AVERAGE_FILE, FINAL
from leukokit.engine.pipeline.save import average_file, beside_model
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import FoldRun
from leukokit.errors import LeukokitError, RunFailed
from leukokit.evaluation.splits import Fold
from leukokit.number_text import counted_were
from leukokit.recipe import Recipe

_MOST_NOTES = 3
"""Notes that a run says on the terminal; more are in the journal."""


def check_some_usable(directory: RunDirectory, images: ImageTable) -> None:
    """Raise RunFailed where every image was rejected."""
    if len(images.features):
        return
    reasons = sorted({why.reason for _, why in images.rejected})
    examples = [f"{item.sample.id}: {why.detail}" for item, why in images.rejected if why.detail]
    raise RunFailed(
        f"every one of {len(images.rejected)} images was rejected ({', '.join(reasons)})",
        where=str(directory.path / "rejected.csv"),
        hint=f"The first, {examples[0]}" if examples else None,
    )


def publish_cells(
    directory: RunDirectory,
    recipe: Recipe,
    run: FoldRun,
    folds: Sequence[Fold],
    stamp: str | None,
    observer: Observer,
) -> None:
    """Write what the recipe wants of every cell.

    Parameters
    ----------
    run : FoldRun
        Whose plan has the step of cells, where the recipe wants any.
    folds : sequence of Fold
        Of the run's split.
    stamp : str or None
        What every output of synthetic images says.
    """
    setting = recipe.model.cells
    if setting is not None:
        usable = [item for item in run.items if item.sample.id in run.images.features.index]
        CellFiles(directory, setting, run.plan, folds, stamp).write(usable, observer)


def publish_rejected(directory: RunDirectory, images: ImageTable, source: str, observer: Observer) -> None:
    """Write ``rejected.csv`` and tracebacks, and tell of images that were left out or converted.

    Parameters
    ----------
    source : str
        Where images without a file come from.
    """
    directory.write("rejected.csv", csv_bytes(rejected_table(images.rejected, source)))
    for item, why in images.rejected:
        facts = {"id": item.sample.id, "stage": why.stage, "reason": why.reason, "detail": why.detail}
        directory.journal.write("rejected", **facts)
        detail = f": {why.detail}" if why.detail else ""
        observer.image(item.sample.id, f"rejected in {why.stage}: {why.reason}{detail}")
        if why.traceback:
            directory.write(f"tracebacks/{item.index:06d}.txt", why.traceback.encode(errors="replace"))
    for sample, notes in images.notes.items():
        directory.journal.write("read", id=sample, notes=list(notes))
        for note in notes:
            observer.image(sample, note)
    if images.rejected:
        observer.warn(f"{counted_were(len(images.rejected), 'image')} rejected; rejected.csv says why")
    if images.notes:
        for line in note_lines(images.notes):
            observer.say(line)


def note_lines(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Say the most frequent notes on images, each with its number of images.

    Parameters
    ----------
    notes : mapping of sample id to its notes
    """
    counts = Counter(note for of_sample in notes.values() for note in dict.fromkeys(of_sample))
    lines = [
        f"note: {note} ({count} image{'' if count == 1 else 's'})"
        for note, count in counts.most_common(_MOST_NOTES)
    ]
    more = len(counts) - len(lines)
    where = f"{more} more; journal.jsonl has all and says" if more else "journal.jsonl says"
    return [*lines, f"note: {where} which images"]


def publish_fold(directory: RunDirectory, fitted: FittedFold, subfolder: str | None) -> None:
    """Copy model, explanations and tuning of one fold; several folds get a subfolder each.

    What the fit left in ``training/`` is there already where it ran in this very directory.
    """
    several = f"/{subfolder}" if subfolder else ""
    for source in sorted(path for path in fitted.folder.rglob("*") if path.is_file()):
        inside = source.relative_to(fitted.folder)
        if inside.parts[0] in (MODEL, TRAINING):
            name = f"{inside.parts[0]}{several}/{Path(*inside.parts[1:]).as_posix()}"
            directory.write(name, source.read_bytes())
    for name, explained in fitted.explanations.items():
        for inner, source in explained.files(name).items():
            directory.write(f"explanations{several}/{inner}", source.read_bytes())
    if fitted.tuning is not None:
        directory.write(f"tuning{several.replace('/', '-')}.csv", csv_bytes(fitted.tuning))
    if fitted.calibration is not None and subfolder != FINAL:  # that one is in pipeline.json alone
        record = calibration_record(fitted.calibration)
        directory.write(f"{MODEL}{several}/calibration.json", record.to_bytes())


def publish_pipeline(
    directory: RunDirectory, fitted: FittedFold, subfolder: str | None, observer: Observer
) -> None:
    """Write what a fold's model needs to predict from image files again, beside the model.

    Where something cannot be saved, the run goes on: its scores do not depend on it. It is said.
    """
    several = f"/{subfolder}" if subfolder else ""
    try:
        document, files = beside_model(fitted.pipeline, fitted.folder / MODEL, fault=lambda: fitted.fault)
    except LeukokitError as error:
        observer.warn(f"{MODEL}{several} cannot be loaded for predictions: {error}")
        return
    if document.incomplete is not None:
        observer.warn(f"{MODEL}{several} cannot be loaded for predictions: {document.incomplete}")
    for name, data in files.items():
        directory.write(f"{MODEL}{several}/{name}", data)


def publish_average(
    directory: RunDirectory,
    recipe: Recipe,
    fitted: Mapping[str, FittedFold],
    groups: Mapping[str, str],
    observer: Observer,
) -> None:
    """Write which pipelines are averaged; where that cannot be done the run goes on, and it is said."""
    try:
        pipelines = average_folds(recipe, fitted, groups)
        content = average_file(pipelines, {name: directory.path / MODEL / name for name in fitted})
    except LeukokitError as error:
        observer.warn(f"the models of the folds cannot be averaged: {error}")
        return
    directory.write(f"{MODEL}/{AVERAGE_FILE}", content)
    observer.say(f"the mean of {len(fitted)} models predicts further images; the mean itself is not tested")
