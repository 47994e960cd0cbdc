"""``leukokit run``: run a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leukokit.cli._data_option import data_option
from leukokit.cli._work_options import cache_dir_option, executor_options, no_cache_option
from leukokit.errors import RunFailed

if TYPE_CHECKING:
    from leukokit.engine.run_result import RunResult


@click.command("run")
@click.argument("recipe", type=click.Path(path_type=Path))
@data_option
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of all runs.",
)
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path),
    help="The very run directory, instead of a fresh one under --out.",
)
@executor_options
@cache_dir_option()
@no_cache_option
@click.option("--explain-plan", is_flag=True, help="Say of every step whether it ran and why.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit code 1 where the verdict is 'do not trust' or the audit fails, as for one picture in two "
    "classes.",
)
@click.option(
    "--report/--no-report",
    default=True,
    help="Draw figures and write report.html, or leave that to 'leukokit report'.",
)
@click.option("--json", "as_json", is_flag=True, help="Print metrics and run directory as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr; warnings and errors only.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is told on stderr and in the log file; debug: also each image that was rejected or converted.",
)
@click.option(
    "--log-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also add what is told to this file, one line of JSON each.",
)
def command(
    recipe: Path,
    data: str | None,
    overrides: tuple[str, ...],
    out: Path,
    run_dir: Path | None,
    workers: int | None,
    executor: str,
    scheduler: str | None,
    timeout: float,
    worker_memory: float | None,
    cache_dir: Path | None,
    no_cache: bool,
    explain_plan: bool,
    strict: bool,
    report: bool,
    as_json: bool,
    quiet: bool,
    log_level: str,
    log_file: Path | None,
) -> None:
    """Run a recipe and leave a run directory."""
    from leukokit.cache_folder import AUTO_CACHE
    from leukokit.cli._log_file import logged
    from leukokit.cli._progress import observed
    from leukokit.cli._summary import print_summary
    from leukokit.workflow import run

    with (
        observed(quiet=quiet, level=log_level) as shown,
        logged(shown, log_file, log_level) as observer,
        _no_silent_end(),
    ):
        result = run(
            recipe,
            overrides,
            data=data,
            out=out,
            run_dir=run_dir,
            cache=None if no_cache else (cache_dir or AUTO_CACHE),
            workers=workers,
            executor=executor,
            scheduler=scheduler,
            timeout=timeout,
            worker_memory=worker_memory,
            report=report,
            observer=observer,
        )
    if result.exit_code == 0:
        _refuse_unfinished(result)
    print_summary(result, as_json=as_json, explain_plan=explain_plan)
    if strict and result.exit_code == 0:
        _refuse_known_faults(result.path)
    raise SystemExit(result.exit_code)


def _refuse_unfinished(result: RunResult) -> None:
    """Raise where a run claims to be done and has no ``status.json``; secondary processes keep no run."""
    from leukokit.engine.execution.secondary import secondary_process
    from leukokit.engine.run_directory import is_closed

    if not is_closed(result.path) and not secondary_process(result.recipe):
        raise RunFailed(
            "the run ended without status.json, which is written last",
            where=str(result.path),
            hint="Something removed it meanwhile: run the recipe again",
        )


@contextmanager
def _no_silent_end() -> Iterator[None]:
    """Turn a library's ``SystemExit`` into an error: exit code 0 must mean that the run is finished."""
    try:
        yield
    except SystemExit as end:
        if type(end) is not SystemExit:
            raise
        raise RunFailed(
            f"something in the run tried to end the process (SystemExit: {end.code})",
            hint="'leukokit --debug run' shows where; it may be a plugin",
        ) from end


def _refuse_known_faults(path: Path) -> None:
    """Raise where ``--strict`` was given and a fault is known; the run directory is complete."""
    from leukokit.record.files import AUDIT, VERDICT

    audit, verdict = AUDIT.find(path), VERDICT.find(path)
    if audit is None:
        raise RunFailed(
            "--strict: this run has no audit", where=str(path), hint="Run with audit.enabled: true"
        )
    if verdict is not None and verdict.level == "do not trust":
        faults = [reason.text for reason in verdict.reasons if reason.level == verdict.level]
    else:  # a recipe without classifier has no score to trust, but an audit
        faults = [finding.title for finding in audit.findings if finding.level == "fail"]
        telling = [probe.name for probe in audit.probes if probe.level == "fail"]
        faults += [f"the probe {name} tells the classes" for name in telling]
    if faults:
        raise RunFailed(
            f"--strict: do not trust this run: {'; '.join(faults)}",
            where=str(path),
            hint="The results are in the run directory; the report says what to do next",
        )
