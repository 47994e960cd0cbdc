"""The record of ``metrics.json``, put together from what the stages of a run measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import Part, Sample
from leukokit.evaluation.masks import summarize, summarize_by_class
from leukokit.notice import NOTICE
from leukokit.record.groups import GroupScores, SubgroupScores
from leukokit.record.metrics import Metrics, Protocol, RegionHeat, ScaleSummary
from leukokit.record.scores import PartScores

ScoresByRole = Mapping[str, Mapping[str, float | None]]


def metrics_record(
    scores: Mapping[Part, PartScores],
    *,
    synthetic: bool,
    by_group: GroupScores | None = None,
    subgroups: Mapping[str, SubgroupScores] | None = None,
    leaks: tuple[str, ...] | None = None,
    protocols: tuple[Protocol, ...] | None = None,
    scale: ScaleSummary | None = None,
    segmentation: MaskScores | None = None,
    alignment: Mapping[str, Mapping[str, RegionHeat]] | None = None,
) -> Metrics:
    """Give the record; what was not measured is absent from it."""
    return Metrics(
        validation=scores.get(Part.VALIDATION),
        test=scores.get(Part.TEST),
        by_group=by_group,
        subgroups=subgroups or None,
        leaks=leaks,
        protocols=protocols,
        scale=scale,
        segmentation=None if segmentation is None else segmentation.by_role,
        segmentation_by_class=(segmentation.by_class or None) if segmentation is not None else None,
        alignment=alignment,
        synthetic=synthetic,
        notice=NOTICE,
    )


@dataclass(frozen=True, slots=True)
class MaskScores:
    """Agreement with expert masks.

    Attributes
    ----------
    by_role : mapping of role to mapping of name to number
    by_class : mapping of class to the same
        Empty where the images have no class.
    """

    by_role: ScoresByRole
    by_class: Mapping[str, ScoresByRole]


def mask_scores(table: pd.DataFrame, samples: Mapping[str, Sample]) -> MaskScores:
    """Sum up the agreement with expert masks.

    Parameters
    ----------
    table : DataFrame
        One row an image, as :func:`leukokit.evaluation.masks.score_table` gives it.
    samples : mapping of sample id to Sample
    """
    labels = {name: samples[name].label for name in table.index}
    by_class = {label: _by_role(part) for label, part in summarize_by_class(table, labels).items()}
    return MaskScores(_by_role(summarize(table)), by_class)


def _by_role(summary: pd.DataFrame) -> ScoresByRole:
    return {
        str(role): {str(name): None if np.isnan(value) else float(value) for name, value in values.items()}
        for role, values in summary.iterrows()
    }
