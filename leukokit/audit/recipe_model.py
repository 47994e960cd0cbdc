"""Features of a recipe and its model if it is cached, for an audit without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from leukokit.api import Part
from leukokit.audit.probes.probe import ModelScore
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import call_method
from leukokit.engine.data import OpenData
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.cached import cached_outcomes
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.fold_stage import FoldStage
from leukokit.engine.models.model_stage import known_fold
from leukokit.engine.models.pooled_predictions import PooledPredictions, pooled_predictions
from leukokit.engine.observer import Observer
from leukokit.engine.run_directory import RunDirectory
from leukokit.evaluation.intervals import proportion
from leukokit.evaluation.splits import Fold
from leukokit.process.scratch import scratch_folder
from leukokit.recipe import Recipe
from leukokit.record.metrics import PARTS, Metrics
from leukokit.record.scores import Interval

_CACHED_SHARE = 0.9  # rejected images are not cached, so even a finished run does not cache all images


def images_and_model(
    recipe: Recipe,
    data: OpenData,
    folds: Sequence[Fold],
    *,
    store: Store | None,
    executor: Executor,
    observer: Observer,
) -> tuple[ImageTable | None, ModelScore | None, tuple[str, ...] | None]:
    """Return features and status of the first fold, and accuracy and leaks of the cached model.

    Features are computed where some may be missing or a segmenter can fail; otherwise they come from the
    cache or are left out. No model is fitted.
    """
    if not folds:
        return None, None, None
    with scratch_folder() as scratch:
        stage = FoldStage(
            recipe=recipe,
            data=data,
            wanted=frozenset(id_ for fold in folds for id_ in fold.parts),
            directory=RunDirectory(scratch / "nothing-is-written-here"),
            store=store,
            executor=executor,
            observer=observer,
            scratch=scratch,
        )
        images = stage.images(folds[0]).images if _may_lack_features(recipe) else None
        if store is None or recipe.classify is None:
            return images, None, None
        if images is None and not _cached(recipe, stage, folds[0]):
            return None, None, None
        fitted_folds: dict[str, FittedFold] = {}
        for fold in folds:
            known = known_fold(stage.candidates(fold), store=store, scratch=scratch / fold.name)
            if known is None:
                return images, None, None
            fitted_folds[fold.name] = known
        leaks = dict.fromkeys(leak for fitted in fitted_folds.values() for leak in fitted.leaks)
        return images, _score(recipe, fitted_folds), tuple(leaks)


def score_in_metrics(recipe: Recipe, metrics: Metrics) -> ModelScore | None:
    """Accuracy of a run's model on the test part, else on the validation part; None where there is none."""
    for part in PARTS:
        scores = metrics.part(part)
        if recipe.classify is None or scores is None or scores.accuracy is None:
            continue
        bounds = (scores.intervals.accuracy if scores.intervals is not None else None) or Interval()
        support = [scores_of_class.support or 0 for scores_of_class in scores.per_class.values()]
        chance = max(support) / sum(support)
        return ModelScore(recipe.classify.entry.name, part, scores.accuracy, bounds.low, bounds.high, chance)
    return None


def right_by_image(rows: PooledPredictions) -> Mapping[tuple[str, str], bool]:
    """Say of each image of each fold whether the model is right."""
    right = (rows.codes == rows.proba.argmax(axis=1)).tolist()
    return dict(zip(zip(rows.folds, rows.ids, strict=True), right, strict=True))


def _score(recipe: Recipe, fitted: Mapping[str, FittedFold]) -> ModelScore | None:
    for part in (Part.TEST, Part.VALIDATION):
        rows = pooled_predictions(fitted, part)
        if rows is None or recipe.classify is None:
            continue
        right = rows.codes == rows.proba.argmax(axis=1)
        bounds = proportion(right, rows.clusters)
        accuracy, chance = float(right.mean()), float(np.bincount(rows.codes).max() / len(right))
        low, high = (None, None) if bounds.unknown else (bounds.low, bounds.high)
        name = recipe.classify.entry.name
        return ModelScore(name, part.value, accuracy, low, high, chance, right_by_image(rows))
    return None


def _may_lack_features(recipe: Recipe) -> bool:
    """Whether a feature of the recipe can be missing or its segmentation can fail."""
    extractors = [bound.component for bound in recipe.features]
    return recipe.segment is not None or any(
        call_method(extractor, "roles") or call_method(extractor, "nullable") for extractor in extractors
    )


def _cached(recipe: Recipe, stage: FoldStage, fold: Fold) -> bool:
    """Whether the features of a fold are in the cache; without them the model is not cached either."""
    if not recipe.features:
        return True
    plan, items = stage.prepared(recipe, fold)
    items = [item for item in items if item.sample.id in fold.parts]
    return len(cached_outcomes(replace(plan, score_masks=False), items)) >= _CACHED_SHARE * len(items)
