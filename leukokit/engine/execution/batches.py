"""Used by all executors: lists cut into batches, and a plan unpacked once a worker."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from leukokit.engine.images.plan import ImagePlan

T = TypeVar("T")

BATCH = 32
"""Images a task: large enough that sending it costs nothing, small enough that both cores finish together."""


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of ``size``, the last one shorter."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


@lru_cache(maxsize=1)
def unpacked_plan(packed: bytes) -> ImagePlan:
    """Keep the plan between batches: components may hold tables that are worth building once a worker."""
    plan: ImagePlan = pickle.loads(packed)  # noqa: S301 - our own bytes, from the process that runs the recipe
    return plan
