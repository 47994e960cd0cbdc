"""Predictions and scores of a run, folds together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from leukokit.api import Part, Sample
from leukokit.engine.io.tables import shown_path
from leukokit.engine.models.model_stage import FittedFold
from leukokit.engine.models.pooled_predictions import held_out
from leukokit.engine.models.statistics import part_statistics
from leukokit.evaluation.metrics import point_scores, predictions_table, score_input, scores

HELD_OUT = (Part.VALIDATION, Part.TEST)


def fold_metrics(fitted: Mapping[str, FittedFold], *, seed: int) -> dict[str, Any]:
    """Scores of each part, all folds pooled; with several folds also each fold's own, under ``folds``."""
    metrics: dict[str, Any] = {}
    pooled = {part: held_out(fitted, part) for part in HELD_OUT}
    for part, rows in pooled.items():
        if rows is None:
            continue
        found = scores(rows.true, rows.proba, rows.classes, groups=rows.groups)
        model = next(iter(fitted.values())).best.recipe.model
        found |= part_statistics(rows, pooled[Part.VALIDATION], model, seed=seed)
        if len(fitted) > 1:
            found["folds"] = {name: _brief(each, part) for name, each in fitted.items()}
        metrics[part.value] = found
    return metrics


def _brief(fitted: FittedFold, part: Part) -> dict[str, Any] | None:
    if part not in fitted.probabilities:
        return None
    examples = fitted.best.examples[part]
    assert examples.labels is not None
    whole = point_scores(score_input(examples.labels, fitted.probabilities[part], fitted.classes))
    return {name: whole[name] for name in ("n", "accuracy", "macro_f1", "auc_ovo", "auc_ovr")}


def predictions(fitted: Mapping[str, FittedFold], samples: Mapping[str, Sample], name: str) -> pd.DataFrame:
    """Rows of ``predictions.csv``: validation, then test; with several folds a last column names the fold."""
    tables = []
    for part in HELD_OUT:
        rows = held_out(fitted, part)
        if rows is None:
            continue
        paths = [shown_path(samples[each], name) for each in rows.ids]
        table = predictions_table(
            rows.ids, paths, [part.value] * len(rows.ids), rows.true, rows.proba, rows.classes
        )
        if len(fitted) > 1:
            table["fold"] = rows.folds
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["id", "path", "part"])
