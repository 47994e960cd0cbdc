"""Recipe file to finished run directory: the one way that the command line and Python callers take."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib

from leukokit.audit.run import audit_finisher
from leukokit.catalog import Catalog, discover
from leukokit.engine.execution.cluster.connection import joined
from leukokit.engine.execution.executors import ExecutorKind, Workers
from leukokit.engine.run import RunOptions
from leukokit.engine.run import run as run_recipe
from leukokit.engine.run_result import RunResult
from leukokit.recipe import load_recipe
from leukokit.report.model_card import write_model_cards
from leukokit.report.run_figures import write_figures
from leukokit.report.run_report import write_pictures, write_report

if TYPE_CHECKING:
    from leukokit.engine.observer import Observer

AUTO_CACHE = "auto"


def default_cache() -> Path:
    """Cache folder where none is named: ``$LEUKOKIT_CACHE``, or the user's cache folder."""
    import os

    import platformdirs

    named = os.environ.get("LEUKOKIT_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("leukokit")


def run(
    recipe: str | Path,
    overrides: Mapping[str, Any] | Sequence[str] = (),
    *,
    out: str | Path = "runs",
    run_dir: str | Path | None = None,
    cache: str | Path | None = AUTO_CACHE,
    workers: int | None = None,
    executor: str = ExecutorKind.AUTO,
    timeout: float = 120.0,
    scheduler: str | None = None,
    observer: Observer | None = None,
    catalog: Catalog | None = None,
) -> RunResult:
    """Run a recipe file.

    Parameters
    ----------
    recipe : str or Path
        The YAML file.
    overrides : mapping or sequence of str, optional
        ``{"classify.params.C": 10}``, or ``["classify.params.C=10"]`` as on the command line.
    out : str or Path
        Folder of all runs; a run makes ``<out>/<name>/<UTC time>-<plan id>/``.
    run_dir : str or Path, optional
        The very run directory instead.
    cache : str, Path or None
        Cache folder; ``"auto"`` for ``$LEUKOKIT_CACHE`` or the user's cache folder, None to keep nothing.
    workers : int, optional
        Processes; as many as there are cores where omitted. Never changes a result.
    executor : str
        ``auto``, ``inline``, ``processes`` or ``dask``. Never changes a result.
    timeout : float
        Seconds after which one image is given up.
    scheduler : str, optional
        Address of a dask scheduler, for the executor ``dask``; a cluster of this machine where omitted.
    observer : Observer, optional
        Listens to stages, progress and warnings.
    catalog : Catalog, optional
        Installed components; discovered where omitted.

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
    """
    catalog = catalog or discover()
    loaded = load_recipe(Path(recipe), catalog, overrides=overrides)
    helping = loaded.classify.component.helping() if loaded.classify is not None else ""
    if helping:
        out, run_dir = _discarded(), None
        if observer is not None:
            observer.say(f"{helping} helps to train; the first process publishes, this one discards its run")
    asked = Workers(ExecutorKind(executor), workers or joblib.cpu_count(), timeout, scheduler)
    with joined(asked) as crew:
        options = RunOptions(
            out=Path(out),
            directory=Path(run_dir) if run_dir is not None else None,
            cache=default_cache() if cache == AUTO_CACHE else (Path(cache) if cache is not None else None),
            workers=crew,
        )
        result = run_recipe(
            loaded,
            catalog,
            options,
            observer=observer,
            finishers=[]
            if helping
            else [
                write_figures,
                audit_finisher(crew, observer),
                write_model_cards,
                write_pictures,
                write_report,
            ],
        )
    return replace(result, published=not helping)


def _discarded() -> Path:
    """Make a folder that is there until this process ends."""
    folder = tempfile.mkdtemp(prefix="leukokit-helping-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
