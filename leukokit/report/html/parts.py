"""Which part of the data the report speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from leukokit.engine.finished_run import FinishedRun

PARTS = ("test", "validation")
"""The first that a run scored is the one its headline is about."""


_LEARNED_FIRST = ("train", "validation", "test")


def in_order(names: Iterable[str]) -> list[str]:
    """Parts as they are spoken of: what is learned from first, what is held out last, others after them."""
    present = set(names)
    return [*(name for name in _LEARNED_FIRST if name in present), *sorted(present - set(_LEARNED_FIRST))]


def headline_part(metrics: Mapping[str, Any]) -> str | None:
    """Name of the part whose scores count; None where nothing was scored."""
    return next((name for name in PARTS if isinstance(metrics.get(name), Mapping)), None)


def split_name(run: FinishedRun) -> str:
    """Name of the split in words, as far as the run tells it."""
    named = ((run.audit or {}).get("split") or {}).get("name")
    if named:
        return str(named)
    asked = run.recipe.get("split")
    if isinstance(asked, Mapping):
        return str(asked.get("name") or asked.get("method") or "of the recipe")
    params = (run.recipe.get("data") or {}).get("params") or {}
    return str(params.get("split") or "the data set's own")
