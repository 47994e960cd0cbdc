"""Carry out an image plan on a dask cluster: the same work in larger batches, on machines that come and go.

Images are read where the workers are; only paths and results travel.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leukokit.engine.cache import serialization
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.batches import batches, unpacked_plan
from leukokit.engine.execution.cluster.batches import DaskBatches
from leukokit.engine.execution.cluster.connection import DaskConnection
from leukokit.engine.execution.cluster.requirements import Requirements
from leukokit.engine.execution.cluster.worker import (
    TOO_LONG,
    own_cache,
    prepare,
    time_limit,
)
from leukokit.engine.execution.protocol import OnOutcome
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item, Rejection
from leukokit.engine.images.work import process_batch

BATCH = 250
_DIED = "worker_died"
_AT_ONCE = 32  # images that share the time limit of one, and whose results are cached together


def run_images_on_dask(
    plan: ImagePlan,
    items: Sequence[Item],
    connection: DaskConnection,
    *,
    timeout: float,
    on_outcome: OnOutcome,
) -> None:
    """Work on all items and hand over each outcome as it comes; the order of outcomes is not fixed.

    Parameters
    ----------
    timeout : float
        Seconds after which one image is given up.

    Raises
    ------
    MissingPackageError
        Where dask is not installed.
    UsageError
        Where the scheduler cannot be reached, has no workers, or has other versions than this process.
    RunFailed
        Where the connection is lost.
    """

    def done(batch: Sequence[Item], result: tuple[list[ImageOutcome], bool, dict[str, bytes]]) -> None:
        outcomes, cached_by_worker, cells = result
        if cached_by_worker:
            keep_rows(plan, batch, outcomes)
        if plan.store is not None and plan.cells is not None and cells:
            plan.store.put_rows(plan.cells.key, plan.cells.id, cells.items())
        for outcome in outcomes:
            on_outcome(outcome)

    client = connection.client()

    def failed(item: Item, error: BaseException, alone: bool) -> bool:
        rejection = _rejection(client, item, error, timeout)
        if rejection.reason == _DIED and not alone:
            return False
        on_outcome(ImageOutcome(index=item.index, rejection=rejection))
        return True

    required = Requirements.of([plan.dataset, *(step.component for step in plan.steps())])
    arguments = pickle.dumps(plan), timeout, required
    DaskBatches(client, work, arguments, done, failed).run(items, BATCH)


def _rejection(client: Any, item: Item, error: BaseException, timeout: float) -> Rejection:
    if isinstance(error, MemoryError):
        return Rejection("worker", "out_of_memory", str(error))
    if any(list(indices) == [item.index] for _, indices in client.get_events(TOO_LONG) or ()):
        return Rejection("worker", "timeout", f"took longer than {timeout:g} s")
    return Rejection("worker", _DIED, "every dask worker that was given this image died")


def keep_rows(plan: ImagePlan, items: Sequence[Item], outcomes: Sequence[ImageOutcome]) -> None:
    """Put the features that workers computed into the cache of this machine.

    Label images and preprocessed images stay in the caches of the workers: they are large.
    """
    if plan.store is None:
        return
    start = 0
    for step in plan.features:
        end = start + len(step.schema.names)
        takes_labels = step.labels_from is not None
        plan.store.put_rows(
            step.key,
            step.id,
            [
                (
                    plan.row_key(step, item),
                    serialization.vector_to_bytes(
                        outcome.features[start:end],
                        outcome.status if takes_labels else None,
                        step.schema.columns,
                    ),
                )
                for item, outcome in zip(items, outcomes, strict=True)
                if outcome.features is not None
            ],
        )
        start = end


def work(
    batch: list[Item], packed: bytes, timeout: float, required: Requirements
) -> tuple[list[ImageOutcome], bool, dict[str, bytes]]:
    """Work on a batch, in a dask worker; where a batch hangs, the process of the worker is ended.

    Returns
    -------
    outcomes : list of ImageOutcome
        One an item, in order.
    cached_by_worker : bool
        True where this worker keeps its results in a cache of its own.
    cells : dict of str to bytes
        Rows of the table of cells from that cache: the run writes them, and has no other place to read them.
    """
    prepare(required)
    plan = unpacked_plan(packed)
    cache = own_cache() if plan.store is not None else None
    if cache is not None:
        plan = replace(plan, store=Store(cache))
    outcomes = []
    for part in batches(batch, _AT_ONCE):
        with time_limit(timeout, [item.index for item in part]):
            outcomes += process_batch(plan, part)
    cells: dict[str, bytes] = {}
    if cache is not None and plan.cells is not None and plan.store is not None:
        keys = [plan.row_key(plan.cells, item) for item in batch]
        cells = plan.store.get_rows(plan.cells.key, keys)
    return outcomes, cache is not None, cells
