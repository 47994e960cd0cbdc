"""Run an image plan over many images and gather one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from leukokit.api import Status
from leukokit.engine.executors import Workers, execute
from leukokit.engine.image_plan import ImagePlan, Item, Outcome, Rejection
from leukokit.engine.image_work import cached_outcomes
from leukokit.engine.observer import Observer
from leukokit.evaluation.masks import score_table


@dataclass(frozen=True)
class StepCount:
    """How often a step ran and how often its result came from the cache."""

    computed: int = 0
    reused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class ImageTable:
    """What the image stage made of all images.

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
        What was done to files to read them; only for images that were read in this run.
    counts : dict of step id to StepCount
    """

    features: pd.DataFrame
    status: dict[str, Status]
    masks: pd.DataFrame | None
    rejected: list[tuple[Item, Rejection]]
    notes: dict[str, tuple[str, ...]]
    counts: dict[str, StepCount] = field(default_factory=dict)


def run_image_stage(
    plan: ImagePlan, items: Sequence[Item], workers: Workers, observer: Observer
) -> ImageTable:
    """Work on every image; what the cache holds whole is not worked on again."""
    outcomes = cached_outcomes(plan, items)
    waiting = [item for item in items if item.index not in outcomes]
    observer.stage("images", len(items))
    observer.advance(len(outcomes))

    def keep(outcome: Outcome) -> None:
        outcomes[outcome.index] = outcome
        observer.advance()

    execute(plan, waiting, workers, keep)
    if plan.store is not None:
        for step in plan.steps():
            plan.store.touch(step.key)
    return _gather(plan, items, outcomes)


def _gather(plan: ImagePlan, items: Sequence[Item], outcomes: dict[int, Outcome]) -> ImageTable:
    ordered = [(item, outcomes[item.index]) for item in items]
    good = [(item, outcome) for item, outcome in ordered if outcome.rejection is None]
    columns = plan.columns()
    rows = [outcome.features for _, outcome in good if outcome.features is not None]
    values = np.vstack(rows) if rows else np.empty((len(good), 0))
    ids = pd.Index([item.sample.id for item, _ in good], name="id")
    masks = {item.sample.id: outcome.masks for item, outcome in good if outcome.masks is not None}
    return ImageTable(
        features=pd.DataFrame(values, index=ids, columns=columns if rows else []),
        status={item.sample.id: outcome.status for item, outcome in good if outcome.status is not None},
        masks=score_table(masks) if masks else None,
        rejected=[(item, outcome.rejection) for item, outcome in ordered if outcome.rejection is not None],
        notes={item.sample.id: outcome.notes for item, outcome in ordered if outcome.notes},
        counts=_counts(plan, [outcome for _, outcome in ordered]),
    )


def _counts(plan: ImagePlan, outcomes: Sequence[Outcome]) -> dict[str, StepCount]:
    computed: Counter[str] = Counter()
    reused: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for outcome in outcomes:
        computed.update(outcome.computed)
        reused.update(outcome.reused)
        seconds.update(outcome.seconds)
    ids = ["read", *(step.id for step in plan.steps())]
    return {step: StepCount(computed[step], reused[step], seconds[step]) for step in ids}
