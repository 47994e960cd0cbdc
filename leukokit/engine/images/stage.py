"""Run an image plan over many images and gather one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from leukokit.api import Status
from leukokit.engine.execution.batches import batches
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.cached import cached_outcomes
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item, Rejection
from leukokit.engine.observer import Observer
from leukokit.evaluation.masks import Row, score_table
from leukokit.process import stop

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_UP = 50_000  # images whose cached rows are in memory at once


@dataclass(frozen=True)
class StepCount:
    """How often a step ran and how often its result came from the cache."""

    computed: int = 0
    reused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class ImageTable:
    """The result of the image stage.

    Attributes
    ----------
    features : DataFrame (n x d)
        float64, indexed by sample id, in data set order, images that were rejected left out; no columns where
        the recipe takes no features.
    status : dict of sample id to Status
        Where the recipe segments.
    masks : DataFrame or None
        Agreement with ground truth, one row an image.
    rejected : list of (Item, Rejection)
        In data set order.
    notes : dict of sample id to tuple of str
        What was done to files to read them, and what steps note; only of what was done in this run.
    counts : dict of step id to StepCount
    """

    features: pd.DataFrame
    status: dict[str, Status]
    masks: pd.DataFrame | None
    rejected: list[tuple[Item, Rejection]]
    notes: dict[str, tuple[str, ...]]
    counts: dict[str, StepCount] = field(default_factory=dict)


def run_image_stage(
    plan: ImagePlan, items: Sequence[Item], executor: Executor, observer: Observer, *, name: str = "images"
) -> ImageTable:
    """Work on every image of which the cache does not hold every result.

    Parameters
    ----------
    name : str
        What the stage is called in progress and journal.
    """
    builder = _TableBuilder(plan, items)
    waiting: list[Item] = []
    usable = [item for item in items if item.changed is None]
    for item in items:
        if item.changed is not None:
            builder.add(ImageOutcome(index=item.index, rejection=item.changed))
    for batch in batches(usable, _LOOKED_UP):
        cached = cached_outcomes(plan, batch)
        for outcome in cached.values():
            builder.add(outcome)
        waiting += [item for item in batch if item.index not in cached]
    observer.stage(name, len(items))
    observer.advance(len(items) - len(waiting))

    def keep(outcome: ImageOutcome) -> None:
        stop.check()  # an image that a stop interrupted is not rejected
        builder.add(outcome)
        observer.advance()

    executor.run_images(plan, waiting, keep)
    if plan.store is not None:
        for step in plan.steps():
            plan.store.touch(step.key)
    return builder.table()


class _TableBuilder:
    """Collects outcomes in any order into one table; an outcome is not kept beside the table."""

    def __init__(self, plan: ImagePlan, items: Sequence[Item]) -> None:
        self._plan = plan
        self._items = items
        self._row = {item.index: row for row, item in enumerate(items)}
        self._columns = plan.columns()
        self._values = np.empty((len(items), len(self._columns)))
        self._usable = np.zeros(len(items), dtype=bool)
        self._status: dict[int, Status] = {}
        self._masks: dict[int, Row] = {}
        self._rejected: dict[int, Rejection] = {}
        self._notes: dict[int, tuple[str, ...]] = {}
        self._computed: Counter[str] = Counter()
        self._reused: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()

    def add(self, outcome: ImageOutcome) -> None:
        row = self._row[outcome.index]
        self._computed.update(outcome.computed)
        self._reused.update(outcome.reused)
        self._seconds.update(outcome.seconds)
        if outcome.notes:
            self._notes[row] = outcome.notes
        if outcome.rejection is not None:
            self._rejected[row] = outcome.rejection
            return
        self._usable[row] = True
        if outcome.features is not None:
            self._values[row] = outcome.features
        if outcome.status is not None:
            self._status[row] = outcome.status
        if outcome.masks is not None:
            self._masks[row] = outcome.masks

    def table(self) -> ImageTable:
        """Give everything in data set order."""
        import pandas as pd

        items = self._items
        whole = self._usable.all()
        rows = range(len(items)) if whole else np.flatnonzero(self._usable).tolist()
        ids = pd.Index([items[row].sample.id for row in rows], name="id")
        values = self._values if whole else self._values[self._usable]
        masks = {items[row].sample.id: self._masks[row] for row in sorted(self._masks)}
        ordered = ["read", *(step.id for step in self._plan.steps())]
        return ImageTable(
            features=pd.DataFrame(values, index=ids, columns=self._columns, copy=False),
            status={items[row].sample.id: self._status[row] for row in sorted(self._status)},
            masks=score_table(masks) if masks else None,
            rejected=[(items[row], self._rejected[row]) for row in sorted(self._rejected)],
            notes={items[row].sample.id: self._notes[row] for row in sorted(self._notes)},
            counts={
                step: StepCount(self._computed[step], self._reused[step], self._seconds[step])
                for step in ordered
            },
        )
