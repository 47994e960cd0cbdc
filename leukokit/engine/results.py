"""Predictions and scores of a run, folds together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leukokit.api import FloatArray, Part, Sample
from leukokit.engine.model_stage import FittedFold
from leukokit.engine.tables import shown_path
from leukokit.evaluation.metrics import predictions_table, scores

HELD_OUT = (Part.VALIDATION, Part.TEST)


@dataclass(frozen=True)
class HeldOut:
    """Rows of one part over all folds, with the classes that any fold's model knows."""

    ids: list[str]
    folds: list[str]
    true: list[str]
    groups: list[str]
    proba: FloatArray
    classes: tuple[str, ...]


def held_out(fitted: Mapping[str, FittedFold], part: Part) -> HeldOut | None:
    """Put the folds' rows of one part below each other; None where no fold has any.

    A class that a fold's model has never seen has probability 0 there.
    """
    classes = tuple(sorted({name for each in fitted.values() for name in each.classes}))
    ids: list[str] = []
    folds: list[str] = []
    true: list[str] = []
    groups: list[str] = []
    blocks: list[FloatArray] = []
    for fold, each in fitted.items():
        if part not in each.probabilities:
            continue
        examples = each.best.examples[part]
        assert examples.labels is not None
        assert examples.groups is not None
        block = np.zeros((len(examples), len(classes)))
        block[:, [classes.index(name) for name in each.classes]] = each.probabilities[part]
        blocks.append(block)
        ids += list(examples.ids)
        folds += [fold] * len(examples)
        true += examples.labels.tolist()
        groups += examples.groups.tolist()
    if not ids:
        return None
    return HeldOut(ids, folds, true, groups, np.vstack(blocks), classes)


def fold_metrics(fitted: Mapping[str, FittedFold], *, seed: int) -> dict[str, Any]:
    """Scores of each part, all folds pooled; with several folds also each fold's own, under ``folds``."""
    metrics: dict[str, Any] = {}
    for part in HELD_OUT:
        rows = held_out(fitted, part)
        if rows is None:
            continue
        found = scores(rows.true, rows.proba, rows.classes, groups=rows.groups, seed=seed)
        if len(fitted) > 1:
            found["folds"] = {name: _brief(each, part) for name, each in fitted.items()}
        metrics[part.value] = found
    return metrics


def _brief(fitted: FittedFold, part: Part) -> dict[str, Any] | None:
    if part not in fitted.probabilities:
        return None
    examples = fitted.best.examples[part]
    assert examples.labels is not None
    whole = scores(examples.labels, fitted.probabilities[part], fitted.classes, groups=examples.groups)
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
