"""Predictions and scores of a run, folds together."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leukokit.api import Part, Sample
from leukokit.engine.io.tables import shown_path
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.pooled_predictions import PooledPredictions, pooled_predictions
from leukokit.engine.models.score_records import brief_scores, part_scores
from leukokit.engine.models.statistics import part_statistics
from leukokit.evaluation.metrics import point_scores, predictions_table, score_input, scores
from leukokit.record.scores import BriefScores, PartScores

SCORED_PARTS = (Part.VALIDATION, Part.TEST)


def fold_metrics(fitted: Mapping[str, FittedFold], *, seed: int) -> dict[Part, PartScores]:
    """Scores of each part that any fold has, all folds pooled; with several folds also each fold's own."""
    pooled = {part: pooled_predictions(fitted, part) for part in SCORED_PARTS}
    validation = pooled[Part.VALIDATION]
    return {
        part: _part(part, rows, validation, fitted, seed=seed)
        for part, rows in pooled.items()
        if rows is not None
    }


def _part(
    part: Part,
    rows: PooledPredictions,
    validation: PooledPredictions | None,
    fitted: Mapping[str, FittedFold],
    *,
    seed: int,
) -> PartScores:
    scored = scores(rows.true, rows.proba, rows.classes, groups=rows.groups)
    model = next(iter(fitted.values())).best.recipe.model
    decisions = {name: fold.decisions for name, fold in fitted.items()}
    statistics = part_statistics(rows, validation, decisions, model, seed=seed)
    folds = {name: _brief(fold, part) for name, fold in fitted.items()} if len(fitted) > 1 else None
    return part_scores(
        scored,
        calibration=statistics.calibration,
        operating_point=statistics.operating_point,
        coverage=statistics.coverage,
        folds=folds,
    )


def _brief(fitted: FittedFold, part: Part) -> BriefScores | None:
    if part not in fitted.probabilities:
        return None
    labels = fitted.best.examples[part].labels
    return brief_scores(point_scores(score_input(labels, fitted.probabilities[part], fitted.classes)))


def predictions(fitted: Mapping[str, FittedFold], samples: Mapping[str, Sample], source: str) -> pd.DataFrame:
    """Rows of ``predictions.csv``: validation, then test; with several folds a last column names the fold."""
    tables = []
    for part in SCORED_PARTS:
        rows = pooled_predictions(fitted, part)
        if rows is None:
            continue
        paths = [shown_path(samples[id_], source) for id_ in rows.ids]
        table = predictions_table(
            rows.ids, paths, [part.value] * len(rows.ids), rows.true, rows.proba, rows.classes
        )
        if len(fitted) > 1:
            table["fold"] = rows.folds
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["id", "path", "part"])
