"""``leukokit predict``: a fitted model on further images."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from leukokit.cli._work_options import cache_dir_option, executor_options
from leukokit.errors import EXIT_DONE, EXIT_TOO_MANY_REJECTED, RunFailed, UsageError
from leukokit.number_text import counted_were

if TYPE_CHECKING:
    from leukokit.engine.execution.protocol import Executor
    from leukokit.engine.observer import Observer
    from leukokit.engine.pipeline.averaged import AveragedPipelines
    from leukokit.engine.pipeline.fitted import FittedPipeline
    from leukokit.engine.prediction.by_group import GroupAnswers
    from leukokit.engine.prediction.given import GivenImages
    from leukokit.engine.prediction.rows import PredictedImages
    from leukokit.engine.prediction.table_file import RowSink
    from leukokit.engine.prediction.tally import Tally
    from leukokit.engine.prediction.validation import Validation
    from leukokit.engine.run_directory import RunDirectory
    from leukokit.workflow import RunSettings

LIST = "-"
"""In place of paths: a list of them on the standard input."""


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN|MODEL")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the rows, .csv, .jsonl or .parquet; standard output where omitted. A file that this model "
    "has begun for these images is continued.",
)
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl", "parquet"]), help="Format of the rows.")
@click.option(
    "--by-group",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV for one answer a patient (or slide): by the column group of a table, or by folder. The recipe "
    "of the model needs 'answer'.",
)
@click.option("--overwrite", is_flag=True, help="Begin the file anew, whatever is in it.")
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path),
    help="The images have labels: score the model on them, and leave a run directory with a report here.",
)
@click.option(
    "--labels",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="auto: of the table, or of folders named after the classes; none: no image has one.",
)
@click.option(
    "--max-rejected", type=click.IntRange(min=0), help="Exit code 3 where more images than this are rejected."
)
@executor_options
@cache_dir_option("Keep the results of image steps in this folder; nothing is kept by default.")
@click.option(
    "--cells",
    metavar="SEGMENTER",
    default="auto",
    show_default=True,
    help="The images are fields: find white cells with this segmenter, predict each, and count the classes. "
    "auto: smear_cells for a model of cells (unit: cell); none: predict images as they are.",
)
@click.option(
    "--counts",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV for the differential count of each field, each patient (column group of a table) and of all.",
)
@click.option("--json", "as_json", is_flag=True, help="Summary as JSON; on stderr where rows are on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary; warnings only.")
def command(
    run: Path,
    images: tuple[str, ...],
    out: Path | None,
    kind: str | None,
    by_group: Path | None,
    overwrite: bool,
    run_dir: Path | None,
    labels: str,
    max_rejected: int | None,
    workers: int | None,
    executor: str,
    scheduler: str | None,
    timeout: float,
    worker_memory: float | None,
    cache_dir: Path | None,
    cells: str,
    counts: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Predict images with the model of a finished run.

    RUN|MODEL is a run directory, or a folder of its model. IMAGE is an image file, a folder, a pattern such
    as 'slides/*.png', a table (.csv, .tsv, .txt, .xlsx) with a column path, or a URL; - reads a list of
    paths, one a line, from the standard input. One row an image, in the given order: class, calibrated
    probability of each class, and a decision: accept; refer, to an expert; or unlike, where the image is
    unlike the training data. A model of cells takes fields: one row a cell, and a differential count.
    """
    if overwrite and out is None and by_group is None:
        raise click.UsageError("--overwrite is for --out FILE; give both, or leave it out.")
    if run_dir is not None and labels == "none":
        raise click.UsageError("--run-dir scores by labels: leave out --labels none.")
    from leukokit.cli._predict_cells import counting_of
    from leukokit.cli._prediction_summary import print_prediction_summary
    from leukokit.cli._progress import observed
    from leukokit.workflow import RunSettings

    settings = RunSettings(
        cache=cache_dir,
        workers=workers,
        executor=executor,
        scheduler=scheduler,
        timeout=timeout,
        worker_memory=worker_memory,
    )
    started = monotonic()
    with observed(quiet=quiet) as observer:
        predictor = _load(run, settings, observer)
        given = _given(images, observer)
        counting = counting_of(predictor, given, cells, counts, run_dir, settings, observer)
        if counting is not None:
            given, labels = counting.cells, "none"
        output = _Output(out, kind, overwrite=overwrite or counting is not None)
        answers = None if by_group is None else _answers(predictor, given, by_group, overwrite=overwrite)
        validation = _validation(predictor, given, images, labels, run_dir, observer)
        count = None if counting is None else counting.count
        heard = [listener.add for listener in (count, validation, answers) if listener is not None]
        tally = _predict(run, predictor, given, output, settings, validation, run_dir, observer, heard)
        if answers is not None and by_group is not None:
            files = answers.write(by_group)
            observer.say(f"answers by group: {', '.join(map(str, files))}")
        if counting is not None:
            counting.write(counts)
    seconds = monotonic() - started
    if as_json or not quiet:
        print_prediction_summary(
            predictor, tally, output.path, run_dir, seconds, as_json=as_json, counting=counting
        )
    raise SystemExit(_exit_code(tally, max_rejected))


@dataclass(frozen=True)
class _Output:
    """Where the rows go."""

    path: Path | None
    kind: str | None
    overwrite: bool

    @contextmanager
    def opened(
        self, run: Path, predictor: FittedPipeline | AveragedPipelines, given: GivenImages, *, whole: bool
    ) -> Iterator[RowSink]:
        from leukokit.engine.pipeline.folder import model_digest
        from leukokit.engine.prediction.formats import table_format
        from leukokit.engine.prediction.table_file import Origin, stream_sink, table_sink

        kind = table_format(self.path, self.kind)
        if self.path is None:
            sys.stdout.flush()
            with stream_sink(sys.stdout.buffer, kind, predictor.deciding) as sink:
                yield sink
            return
        with table_sink(
            self.path,
            kind,
            predictor.deciding,
            given,
            Origin(model_digest(run), predictor.name),
            block=predictor.block_rows,
            overwrite=self.overwrite,
            whole=whole,
        ) as sink:
            yield sink


def _load(run: Path, settings: RunSettings, observer: Observer) -> FittedPipeline | AveragedPipelines:
    from leukokit.catalog import discover
    from leukokit.engine.execution.processes import ProcessExecutor
    from leukokit.engine.pipeline.load import load_pipeline
    from leukokit.engine.rehearsal import rehearse_pipeline

    catalog = discover(cache=settings.cache_folder)
    if settings.executor != "inline":
        rehearse_pipeline(run, catalog, ProcessExecutor(1), observer)
    predictor = load_pipeline(run, catalog)
    for note in predictor.notes:
        observer.warn(note)
    if not predictor.tested:
        observer.say("this model was tested on no image; the scores of its run are those of the folds")
    return predictor


def _given(images: Sequence[str], observer: Observer) -> GivenImages:
    from leukokit.engine.prediction.given import find_images, list_images, read_table

    if LIST in images:
        if len(images) > 1:
            raise UsageError("'-' reads all paths from the standard input", hint="Leave out the other paths")
        given = list_images(_lines())
    else:
        given = find_images(images, read_table)
    if given.dropped:
        observer.warn(f"{counted_were(given.dropped, 'image')} named more than once; each is predicted once")
    return given


def _lines() -> Iterator[str]:
    import os

    for line in sys.stdin.buffer:
        yield os.fsdecode(line.rstrip(b"\r\n"))


def _validation(
    predictor: FittedPipeline | AveragedPipelines,
    given: GivenImages,
    images: Sequence[str],
    labels: str,
    run_dir: Path | None,
    observer: Observer,
) -> Validation | None:
    """Collect for scores, where they are asked for; otherwise say that they could be had."""
    if labels == "none":
        return None
    from leukokit.engine.prediction.labels import true_classes
    from leukokit.engine.prediction.validation import Validation

    truth = true_classes(given, predictor.classes)
    if run_dir is None:
        if truth.by_id:
            observer.say(f"{len(truth.by_id)} images have labels: --run-dir DIR scores the model on them")
        return None
    validation = Validation(predictor, truth, images)
    validation.check()
    for sentence in truth.sentences(predictor.classes):
        observer.warn(sentence)
    return validation


def _answers(
    predictor: FittedPipeline | AveragedPipelines, given: GivenImages, path: Path, *, overwrite: bool
) -> GroupAnswers:
    """Find the group of each image before anything is predicted."""
    from leukokit.engine.prediction.by_group import GroupAnswers, given_groups, refuse_existing
    from leukokit.engine.prediction.labels import true_classes

    refuse_existing(predictor.answer, path, overwrite=overwrite)
    truth = true_classes(given, predictor.classes)
    groups = given_groups(given, classes_in_folders=truth.in_folders)
    return GroupAnswers.of(predictor.answer, predictor.deciding, groups)


def _predict(
    run: Path,
    predictor: FittedPipeline | AveragedPipelines,
    given: GivenImages,
    output: _Output,
    settings: RunSettings,
    validation: Validation | None,
    run_dir: Path | None,
    observer: Observer,
    heard: Sequence[Callable[[PredictedImages], None]],
) -> Tally:
    """Write all rows, and the validation where one is asked for; returns the counts of all rows."""
    from leukokit.engine.cache.store import Store
    from leukokit.engine.run_directory import RunDirectory
    from leukokit.workflow import open_executor

    started = monotonic()
    with ExitStack() as stack:
        directory = None
        if run_dir is not None:
            directory = stack.enter_context(RunDirectory(run_dir))
            directory.journal.write("run_started", recipe=predictor.name, images=len(given))
        sink = stack.enter_context(output.opened(run, predictor, given, whole=bool(heard)))
        if sink.tally.images:
            observer.say(f"{sink.tally.images} rows are there already; going on with the next image")
        executor = stack.enter_context(open_executor(settings))
        folder = settings.cache_folder
        deciding = predictor.deciding
        for piece in predictor.stream(
            given[sink.start :] if sink.start else given,
            executor=executor,
            store=None if folder is None else Store(folder, observer.warn),
            observer=observer,
        ):
            sink.write(piece.table(deciding))
            for hear in heard:
                hear(piece)
        if directory is not None and validation is not None:
            _write_validation(validation, directory, executor, monotonic() - started)
        return sink.tally


def _write_validation(
    validation: Validation, directory: RunDirectory, executor: Executor, seconds: float
) -> None:
    from leukokit.engine.finished_run import FinishedRun
    from leukokit.report.run_report import REPORT, redraw_figures, report_bytes

    validation.write(directory, executor, validation.truth.sentences(validation.predictor.classes))
    validation.finish(directory, seconds)
    finished = FinishedRun(directory.path)
    redraw_figures(finished)
    directory.write(REPORT, report_bytes(finished))


def _exit_code(tally: Tally, max_rejected: int | None) -> int:
    rejected = sum(tally.rejected.values())
    if tally.images and rejected == tally.images:
        raise RunFailed(
            f"every one of {rejected} images was rejected ({', '.join(sorted(tally.rejected))})",
            hint="The columns reason and detail say why",
        )
    if max_rejected is not None and rejected > max_rejected:
        from leukokit.cli._terminal import print_warning

        print_warning(f"{counted_were(rejected, 'image')} rejected, more than --max-rejected {max_rejected}")
        return EXIT_TOO_MANY_REJECTED
    return EXIT_DONE
