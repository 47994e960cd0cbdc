"""Cached results of the images of a batch, one row an image and step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from leukokit.engine.images.plan import ImagePlan, ImageStep, Item
from leukokit.engine.io.reading import LastImage

T = TypeVar("T")


class BatchRows:
    """Cached rows of the images of a batch: read with one query a step, written together at the end.

    Attributes
    ----------
    last : LastImage
        The image that was decoded last, for samples that are regions of it.
    """

    def __init__(self, plan: ImagePlan, items: Sequence[Item]) -> None:
        self.last = LastImage()
        self._plan = plan
        self._items = items
        self._read: dict[str, dict[str, bytes]] = {}
        self._new: dict[str, list[tuple[str, bytes]]] = {}

    def get(self, step: ImageStep, item: Item) -> bytes | None:
        """Give the cached result of a step for one image of the batch."""
        if self._plan.store is None:
            return None
        if step.id not in self._read:
            keys = [self._plan.row_key(step, batch_item) for batch_item in self._items]
            self._read[step.id] = self._plan.store.get_rows(step.key, keys)
        return self._read[step.id].get(self._plan.row_key(step, item))

    def decoded(self, step: ImageStep, item: Item, decode: Callable[[bytes], T]) -> T | None:
        """Give the cached result of a step as ``decode`` reads it; None where it cannot read any."""
        payload = self.get(step, item)
        if payload is None or self._plan.store is None:
            return None
        try:
            return decode(payload)
        except Exception as error:  # decoders may raise any error for a result of another kind
            self._plan.store.report_unusable(f"row of {step.id}", error)
            return None

    def put(self, step: ImageStep, item: Item, encode: Callable[[], bytes]) -> None:
        """Note a new result; ``encode`` is called only where there is a cache."""
        if self._plan.store is not None:
            self._new.setdefault(step.id, []).append((self._plan.row_key(step, item), encode()))

    def flush(self) -> None:
        """Write all new results into the cache."""
        if self._plan.store is None:
            return
        for step in self._plan.steps():
            self._plan.store.put_rows(step.key, step.id, self._new.get(step.id, ()))
