"""What a recipe makes of its images, for an audit without a run: features, and the model if it is cached."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from leukokit.api import Part
from leukokit.audit.probes.probe import ModelScore
from leukokit.engine.cache.store import Store
from leukokit.engine.data import OpenData
from leukokit.engine.execution.executors import Workers
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.images.work import cached_outcomes
from leukokit.engine.models.fold_stage import FoldStage
from leukokit.engine.models.model_stage import FittedFold, known_fold
from leukokit.engine.models.pooled_predictions import held_out
from leukokit.engine.observer import Observer
from leukokit.engine.run_directory import RunDirectory
from leukokit.evaluation.intervals import proportion
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.record.metrics import PARTS, Metrics
from leukokit.record.scores import Interval

_MOSTLY = 0.9  # images that were rejected are in no cache, so a finished run does not cache all


def images_and_model(
    recipe: Recipe,
    data: OpenData,
    folds: Sequence[Fold],
    *,
    store: Store | None,
    workers: Workers,
    observer: Observer,
) -> tuple[ImageTable | None, ModelScore | None, tuple[str, ...] | None]:
    """Give features and status of the first fold, and accuracy and leaks of a model fitted before.

    Features are computed where some may be missing or a segmenter can fail; otherwise they are taken from the
    cache or not at all. No model is ever fitted.
    """
    if not folds:
        return None, None, None
    with tempfile.TemporaryDirectory(prefix="leukokit-") as scratch:
        stage = FoldStage(
            recipe=recipe,
            data=data,
            wanted=frozenset(id_ for fold in folds for id_ in fold.parts),
            directory=RunDirectory(Path(scratch) / "nothing-is-written-here"),
            store=store,
            workers=workers,
            observer=observer,
            scratch=Path(scratch),
        )
        images = stage.images(folds[0]).images if _can_miss(recipe) else None
        if store is None or recipe.classify is None:
            return images, None, None
        if images is None and not _cached(recipe, stage, folds[0]):
            return None, None, None
        found: dict[str, FittedFold] = {}
        for fold in folds:
            known = known_fold(stage.candidates(fold), store=store, scratch=Path(scratch) / fold.name)
            if known is None:
                return images, None, None
            found[fold.name] = known
        leaks = dict.fromkeys(leak for fitted in found.values() for leak in fitted.leaks)
        return images, _score(recipe, found), tuple(leaks)


def score_in_metrics(recipe: Recipe, metrics: Metrics) -> ModelScore | None:
    """Accuracy of a run's model on the test part, or on validation without one; None where there is none."""
    for part in PARTS:
        found = metrics.part(part)
        if recipe.classify is None or found is None or found.accuracy is None:
            continue
        bounds = (found.intervals.accuracy if found.intervals is not None else None) or Interval()
        support = [each.support or 0 for each in found.per_class.values()]
        chance = max(support) / sum(support)
        return ModelScore(recipe.classify.entry.name, part, found.accuracy, bounds.low, bounds.high, chance)
    return None


def _score(recipe: Recipe, fitted: Mapping[str, FittedFold]) -> ModelScore | None:
    for part in (Part.TEST, Part.VALIDATION):
        rows = held_out(fitted, part)
        if rows is None or recipe.classify is None:
            continue
        right = rows.codes == rows.proba.argmax(axis=1)
        bounds = proportion(right, rows.clusters)
        accuracy, chance = float(right.mean()), float(np.bincount(rows.codes).max() / len(right))
        return ModelScore(recipe.classify.entry.name, part.value, accuracy, bounds.low, bounds.high, chance)
    return None


def _can_miss(recipe: Recipe) -> bool:
    """Whether a feature of the recipe can be missing, or its segmentation fail."""
    extractors = [bound.component for bound in recipe.features]
    return recipe.segment is not None or any(each.roles() or each.nullable() for each in extractors)


def _cached(recipe: Recipe, stage: FoldStage, fold: Fold) -> bool:
    """Whether the features of a fold are in the cache; where they are not, neither is the model."""
    if not recipe.features:
        return True
    plan, items = stage.prepared(recipe, fold)
    items = [item for item in items if item.sample.id in fold.parts]
    return len(cached_outcomes(replace(plan, score_masks=False), items)) >= _MOSTLY * len(items)
