"""The last touch to a run: small pictures of what went wrong, and the report."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leukokit.api import RGBImage
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.images.plan import Item
from leukokit.engine.io import pictures, reading
from leukokit.engine.io.attended import attended_groups
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.errors import LeukokitError
from leukokit.ids import utf8, written_id
from leukokit.report.html import render_run
from leukokit.report.run_figures import draw_figures

REPORT = "report.html"


def write_pictures(result: RunResult, directory: RunDirectory) -> None:
    """Keep small pictures of the worst errors, of what carried answers and of what the audit names."""
    rejected = {item.sample.id for item, _ in result.folds[0].images.rejected}
    # Only images that workers came through with: one that crashed a worker would crash this process.
    items = {written_id(i.sample.id): i for i in result.data.items if i.sample.id not in rejected}
    run = FinishedRun(directory.path)
    wanted = pictures.audited_ids(run.audit)[: pictures.MOST_NAMED]
    part = run.metrics.headline_part
    if result.predictions is not None and part is not None:
        worst = pictures.worst_errors(result.predictions, part)["id"].head(pictures.MOST_ERRORS)
        wanted = [*map(str, worst), *_attended_ids(run, part), *wanted]
    plan = result.folds[0].plan

    def read(item: Item) -> RGBImage:
        return reading.pixels(plan.dataset, item.sample, item.key, plan.reading)[0]

    thumbnails = pictures.Thumbnails(read, plan.store, plan.reading.key())
    pictures.write_pictures(directory, items, thumbnails, map(written_id, wanted))


def _attended_ids(run: FinishedRun, part: str) -> list[str]:
    if run.group_predictions is None or run.attention is None:
        return []
    groups = attended_groups(run.group_predictions, run.attention, part)
    return [name for group in groups for name, _ in group.images]


def write_report(result: RunResult, directory: RunDirectory) -> None:  # noqa: ARG001 - all is in the directory
    """Write ``report.html`` from the files of the run directory.

    No run fails for its report: where it cannot be made, the journal and ``tracebacks/report.txt`` say why,
    and ``leukokit report`` tries again.
    """
    try:
        page = report_bytes(FinishedRun(directory.path))
    except Exception as error:
        text = f"the report could not be made ({type(error).__name__}: {error}); try: leukokit report"
        directory.journal.write("warning", text=text)
        directory.write("tracebacks/report.txt", utf8(traceback.format_exc()))
        return
    directory.write(REPORT, page)


def report_bytes(run: FinishedRun) -> bytes:
    """Bytes of the report: the same run directory gives the same.

    Raises
    ------
    LeukokitError
        Where a file of the run directory is damaged or lacks what every run writes.
    """
    with _as_leukokit_writes(run):
        return render_run(run).encode("utf-8")


def redraw_figures(run: FinishedRun) -> list[str]:
    """Draw every figure again; see :func:`leukokit.report.run_figures.draw_figures` for what is returned.

    Raises
    ------
    LeukokitError
        Where a file of the run directory is damaged or lacks what every run writes.
    """
    with _as_leukokit_writes(run):
        return draw_figures(run)


@contextmanager
def _as_leukokit_writes(run: FinishedRun) -> Iterator[None]:
    """Report a file of another form in place of the error that it causes."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise LeukokitError(
            f"a file of this run has another form than leukokit writes ({type(error).__name__}: {error})",
            where=str(Path(run.path)),
            hint="Run the recipe again",
        ) from error
