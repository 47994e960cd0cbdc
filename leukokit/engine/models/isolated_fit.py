"""Fit a model with a foreign classifier or selector in an isolated process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leukokit.api import Classifier, FittedModel, Selector
from leukokit.engine.components.origin import is_foreign
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer


def fit_isolated(
    fit: Callable[..., FittedModel],
    *arguments: Any,
    components: tuple[Classifier, Sequence[Selector]],
    tuned: bool,
    executor: Executor,
    observer: Observer,
) -> FittedModel | None:
    """Call ``fit(*arguments, executor, observer=...)``, which leaves the model in a folder.

    Parameters
    ----------
    components : (Classifier, sequence of Selector)
        Those that are fitted.
    tuned : bool
        Whether settings are tried, which needs the executor.

    Returns
    -------
    FittedModel or None
        None where the model is in its folder only: it was fitted in another process, and the class of a
        plugin's model may not be picklable.
    """
    classifier, select = components
    dask = executor.name == "dask"  # a connection to a cluster cannot be pickled
    if (dask and tuned) or not any(map(is_foreign, (classifier, *select))):
        return fit(*arguments, executor, observer=observer)
    # Without tuning the fit does not use its executor.
    inner_executor = InlineExecutor(executor.count) if dask else executor
    return run_isolated(
        _fit_and_leave,
        fit,
        *arguments,
        inner_executor,
        components=(classifier, *select),
        executor=executor,
        observer=observer,
    )


def _fit_and_leave(fit: Callable[..., FittedModel], *arguments: Any, observer: Observer) -> None:
    fit(*arguments, observer=observer)
