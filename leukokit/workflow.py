"""Recipe file to finished run directory: the one way that the command line and Python callers take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypedDict, Unpack

import joblib

from leukokit.audit.run import audit_finisher
from leukokit.cache_folder import AUTO_CACHE, default_cache
from leukokit.catalog import Catalog, discover
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.engine.rehearsal import rehearse
from leukokit.engine.run import RunOptions
from leukokit.engine.run import run as run_recipe
from leukokit.engine.run_folders import killed_note
from leukokit.engine.run_result import RunResult
from leukokit.errors import UsageError
from leukokit.recipe import load_recipe_text
from leukokit.recipe.source import RecipeSource
from leukokit.report.model_card import write_model_cards
from leukokit.report.run_figures import write_figures
from leukokit.report.run_report import write_pictures, write_report
from leukokit.verdict.of_run import write_verdict


class ExecutorKind(StrEnum):
    """Names of the executors. ``auto`` is ``processes`` that works on few images in this process."""

    AUTO = "auto"
    INLINE = "inline"
    PROCESSES = "processes"
    DASK = "dask"


class RunKeywords(TypedDict, total=False):
    """The settings of a run as keywords of :func:`run`; :class:`RunSettings` says what they mean."""

    out: str | Path
    run_dir: str | Path | None
    cache: str | Path | None
    workers: int | None
    executor: str
    timeout: float
    scheduler: str | None
    worker_memory: float | None
    report: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Where a run writes and who works on it; none of it changes a result.

    Attributes
    ----------
    out : str or Path
        Folder of all runs; a run makes ``<out>/<name>/<UTC time>-<plan id>/``.
    run_dir : str or Path, optional
        The very run directory instead.
    cache : str, Path or None
        Cache folder; ``"auto"`` for ``$LEUKOKIT_CACHE`` or the user's cache folder, None to keep nothing.
    workers : int, optional
        Processes; as many as there are cores where None.
    executor : str
        ``auto``, ``inline``, ``processes`` or ``dask``.
    timeout : float
        Seconds after which one image is given up.
    scheduler : str, optional
        Address of a dask scheduler, for the executor ``dask``; a cluster of this machine where None.
    worker_memory : float, optional
        GiB that each process may use before it is ended and its image rejected; where None, all together may
        use 90 % of the machine's memory.
    report : bool
        Draw figures and write ``report.html``; ``leukokit report`` does it later.
    """

    out: str | Path = "runs"
    run_dir: str | Path | None = None
    cache: str | Path | None = AUTO_CACHE
    workers: int | None = None
    executor: str = ExecutorKind.AUTO
    timeout: float = 120.0
    scheduler: str | None = None
    worker_memory: float | None = None
    report: bool = True

    def updated(self, keywords: RunKeywords) -> Self:
        """Give a copy with some settings changed.

        Raises
        ------
        TypeError
            Where a keyword names no setting, with the names there are.
        """
        names = [field.name for field in fields(self)]
        unknown = sorted(set(keywords) - set(names))
        if unknown:
            raise TypeError(f"run() has no setting {unknown[0]!r}; its settings are {', '.join(names)}")
        return replace(self, **keywords)

    @property
    def cache_folder(self) -> Path | None:
        """Folder that ``cache`` means."""
        if self.cache == AUTO_CACHE:
            return default_cache()
        return Path(self.cache) if self.cache is not None else None


@contextmanager
def open_executor(settings: RunSettings) -> Iterator[Executor]:
    """Give the executor that the settings ask for, and end it with the block.

    Raises
    ------
    UsageError
        Where there is no executor of that name.
    """
    count = settings.workers or joblib.cpu_count()
    try:
        kind = ExecutorKind(settings.executor)
    except ValueError:
        names = ", ".join(ExecutorKind)
        raise UsageError(f"there is no executor {settings.executor!r}; there are {names}") from None
    executor: Executor
    match kind:
        case ExecutorKind.INLINE:
            executor = InlineExecutor(count)
        case ExecutorKind.DASK:
            executor = DaskExecutor(settings.scheduler, count=count, timeout=settings.timeout)
        case _:
            memory = None if settings.worker_memory is None else int(settings.worker_memory * 2**30)
            always = kind is ExecutorKind.PROCESSES
            executor = ProcessExecutor(count, settings.timeout, always=always, memory=memory)
    with closing(executor):
        yield executor


def run(
    recipe: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Sequence[str] = (),
    settings: RunSettings | None = None,
    *,
    data: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    catalog: Catalog | None = None,
    **keywords: Unpack[RunKeywords],
) -> RunResult:
    """Run a recipe.

    Parameters
    ----------
    recipe : str, Path or mapping
        The YAML file, or what it would hold as a Python mapping.
    overrides : mapping or sequence of str, optional
        ``{"classify.params.C": 10}``, or ``["classify.params.C=10"]`` as on the command line.
    settings : RunSettings, optional
        Where to write, the cache, and who works; the defaults where omitted.
    data : str or path, optional
        Other data in place of those of the recipe: a folder, a table, or the name of a data set, as on the
        command line (``--data``). A recipe's own splits by name or file go with its data.
    observer : Observer, optional
        Listens to stages, progress and warnings.
    catalog : Catalog, optional
        Installed components; discovered where omitted.
    **keywords
        Single settings, such as ``workers=2``, in place of those of ``settings``: ``out``, ``run_dir``,
        ``cache``, ``workers``, ``executor``, ``timeout``, ``scheduler``, ``worker_memory`` and ``report``, as
        :class:`RunSettings` describes them.

    Returns
    -------
    RunResult
        ``metrics``, ``predictions``, ``features`` and ``path``.

    Raises
    ------
    RecipeError
        With every mistake of the recipe.
    LeukokitError
        Where the run could not be finished.
    TypeError
        Where a keyword names no setting.
    """
    chosen = (settings or RunSettings()).updated(keywords)
    if catalog is None:
        catalog = discover(cache=chosen.cache_folder)
        if observer is not None:
            for text in catalog.notes:
                observer.warn(text)
    with open_executor(chosen) as executor:
        watching = observer or Observer()
        source = RecipeSource.of_mapping(recipe) if isinstance(recipe, Mapping) else RecipeSource.read(recipe)
        rehearse(source.text, catalog, overrides=overrides, data=data, executor=executor, observer=watching)
        loaded = load_recipe_text(
            source.text, catalog, source=source.name, path=source.path, overrides=overrides, data=data
        )
        if (note := killed_note(Path(chosen.out))) is not None:
            watching.say(note)
        options = RunOptions(
            out=Path(chosen.out),
            directory=Path(chosen.run_dir) if chosen.run_dir is not None else None,
            cache=chosen.cache_folder,
            executor=executor,
            said=catalog.notes,
        )
        finishers = [
            *([write_figures] if chosen.report else []),
            audit_finisher(executor, observer),
            write_verdict,
            write_model_cards,
            write_pictures,
            *([write_report] if chosen.report else []),
        ]
        return run_recipe(loaded, options, observer=observer, finishers=finishers)
