"""Which part of the data the report speaks of."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.metrics import PARTS, Metrics
from leukokit.record.recipe import SplitOfDataSet

_LEARNED_FIRST = ("train", "validation", "test")


def in_order(names: Iterable[str]) -> list[str]:
    """Parts as they are spoken of: what is learned from first, what is held out last, others after them."""
    present = set(names)
    return [*(name for name in _LEARNED_FIRST if name in present), *sorted(present - set(_LEARNED_FIRST))]


def headline_part(metrics: Metrics) -> str | None:
    """Name of the part whose scores count; None where nothing was scored."""
    return next((name for name in PARTS if metrics.part(name) is not None), None)


def split_name(run: FinishedRun) -> str:
    """Name of the split in words, as far as the run tells it."""
    if run.audit is not None and run.audit.split is not None and run.audit.split.name:
        return run.audit.split.name
    recipe = run.resolved
    if recipe.split is not None:
        return recipe.split.name if isinstance(recipe.split, SplitOfDataSet) else recipe.split.method
    params = recipe.data.params if recipe.data is not None else None
    return str((params or {}).get("split") or "the data set's own")
