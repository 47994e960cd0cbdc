"""Scores for each value of a trait of the images: device, stain, site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leukokit.api import Part, Sample
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.pooled_predictions import PooledPredictions, pooled_predictions
from leukokit.engine.models.score_records import protocol_scores
from leukokit.engine.traits import trait_of
from leukokit.evaluation.metrics import scores
from leukokit.evaluation.subgroups import largest_gap
from leukokit.record.groups import AccuracyGap, SubgroupScores


def subgroup_scores(
    fitted: Mapping[str, FittedFold], samples: Mapping[str, Sample], traits: Sequence[str]
) -> dict[str, SubgroupScores]:
    """Score the test part, or the validation part without one, for each value of each trait."""
    for part in (Part.TEST, Part.VALIDATION):
        rows = pooled_predictions(fitted, part)
        if rows is not None:
            return {name: _of_trait(name, rows, samples, part) for name in traits}
    return {}


def _of_trait(
    name: str, rows: PooledPredictions, samples: Mapping[str, Sample], part: Part
) -> SubgroupScores:
    values = np.array([trait_of(samples[id_], name) or "" for id_ in rows.ids], dtype=np.str_)
    inside = {str(value): values == value for value in np.unique(values) if value}
    true, groups = np.array(rows.true), np.array(rows.groups)
    found = {
        value: protocol_scores(scores(true[chosen], rows.proba[chosen], rows.classes, groups=groups[chosen]))
        for value, chosen in inside.items()
    }
    gap = largest_gap(rows.proba.argmax(axis=1) == rows.codes, rows.clusters, inside)
    accuracies = [one.accuracy for one in found.values() if one.accuracy is not None]
    return SubgroupScores(
        part=part.value,
        values=found,
        unknown=int(np.count_nonzero(values == "")),
        spread=float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
        gap=None
        if gap is None
        else AccuracyGap(
            value=gap.value,
            best=gap.best,
            worst=gap.worst,
            low=None if gap.bounds.unknown else gap.bounds.low,
            high=None if gap.bounds.unknown else gap.bounds.high,
            method=None if gap.bounds.unknown else gap.bounds.method,
            reason=gap.bounds.unknown or None,
        ),
    )
