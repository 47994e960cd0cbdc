"""Results that the cache holds for the images of a plan, so that no worker computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Status
from leukokit.engine.cache import serialization
from leukokit.engine.cache.store import Store
from leukokit.engine.images.plan import FeatureStep, ImageOutcome, ImagePlan, ImageStep, Item

T = TypeVar("T")

_Vector = tuple[NDArray[np.float64], Status | None]


def cached_outcomes(plan: ImagePlan, items: Sequence[Item]) -> dict[int, ImageOutcome]:
    """Outcomes of the images of which the cache holds every result; no worker and no pixel is needed."""
    if plan.store is None or plan.score_masks:
        return {}
    if not plan.features and plan.segment is None:
        return _cached_images(plan, plan.store, items)
    whole = list(items)
    statuses: dict[int, Status] = {}
    if plan.keep_labels and plan.segment is not None:
        segment = plan.segment
        statuses = _read(plan, plan.store, segment, whole, serialization.labels_status)
        whole = [item for item in whole if item.index in statuses]
    if plan.cells is not None:
        keys = {item.index: plan.row_key(plan.cells, item) for item in whole}
        kept = plan.store.has_rows(plan.cells.key, list(keys.values()))
        whole = [item for item in whole if keys[item.index] in kept]
    vectors = [_Vectors(plan, plan.store, step, whole) for step in plan.features]
    whole = [item for item in whole if all(item.index in of_step.row for of_step in vectors)]
    ids = frozenset(step.id for step in plan.steps())
    features = np.hstack([of_step.table(whole) for of_step in vectors]) if vectors else None
    return {
        item.index: ImageOutcome(
            index=item.index,
            features=None if features is None else features[row],
            status=_first(statuses.get(item.index), *(of_step.status(item) for of_step in vectors)),
            reused=ids,
        )
        for row, item in enumerate(whole)
    }


class _Vectors:
    """Kept vectors of one step.

    Attributes
    ----------
    row : dict of item index to int
        Row of each image that has one.
    """

    def __init__(self, plan: ImagePlan, store: Store, step: FeatureStep, items: Sequence[Item]) -> None:
        count, columns = len(step.schema.names), step.schema.columns
        payloads = _payloads(plan, store, step, items)
        try:
            # Over all images at once: one at a time, 100,000 images took longer to unpack than to look up.
            self._values, self._statuses = serialization.vectors_from_bytes(
                list(payloads.values()), columns, count
            )
            self.row = {index: row for row, index in enumerate(payloads)}
        except Exception:  # a row is not such a vector: each is decoded by itself
            decode = partial(serialization.vector_from_bytes, columns=columns, count=count)
            kept: dict[int, _Vector] = _decoded(store, step, payloads, decode)
            self.row = {index: row for row, index in enumerate(kept)}
            self._values = np.array([values for values, _ in kept.values()]).reshape(len(kept), count)
            self._statuses = [status for _, status in kept.values()]

    def table(self, items: Sequence[Item]) -> NDArray[np.float64]:
        rows = [self.row[item.index] for item in items]
        return self._values if rows == list(range(len(self._values))) else self._values[rows]

    def status(self, item: Item) -> Status | None:
        return self._statuses[self.row[item.index]]


def _first(*statuses: Status | None) -> Status | None:
    return next((status for status in statuses if status is not None), None)


def _payloads(plan: ImagePlan, store: Store, step: ImageStep, items: Sequence[Item]) -> dict[int, bytes]:
    """Rows by index of the item."""
    keys = {item.index: plan.row_key(step, item) for item in items}
    kept = store.get_rows(step.key, list(keys.values()))
    return {index: kept[key] for index, key in keys.items() if key in kept}


def _read(
    plan: ImagePlan, store: Store, step: ImageStep, items: Sequence[Item], decode: Callable[[bytes], T]
) -> dict[int, T]:
    return _decoded(store, step, _payloads(plan, store, step, items), decode)


def _decoded(
    store: Store, step: ImageStep, payloads: Mapping[int, bytes], decode: Callable[[bytes], T]
) -> dict[int, T]:
    """Results by index of the item; rows that cannot be decoded are reported and left out."""
    results: dict[int, T] = {}
    for index, payload in payloads.items():
        try:
            results[index] = decode(payload)
        except Exception as error:  # decoders may raise any error for a result of another kind
            store.report_unusable(f"row of {step.id}", error)
    return results


def _cached_images(plan: ImagePlan, store: Store, items: Sequence[Item]) -> dict[int, ImageOutcome]:
    """Outcomes of a plan that only preprocesses; the images themselves are read one at a time, later."""
    if not plan.preprocess:
        return {}
    last = plan.preprocess[-1]
    keys = {item.index: plan.row_key(last, item) for item in items}
    kept = store.has_rows(last.key, list(keys.values()))
    ids = frozenset(step.id for step in plan.preprocess)
    return {index: ImageOutcome(index=index, reused=ids) for index, key in keys.items() if key in kept}
