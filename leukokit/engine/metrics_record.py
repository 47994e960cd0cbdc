"""The record of ``metrics.json``, put together from what the stages of a run measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leukokit.api import Part
from leukokit.notice import NOTICE
from leukokit.record.metrics import Metrics, Protocol, RegionHeat, ScaleSummary
from leukokit.record.scores import PartScores


def metrics_record(
    scores: Mapping[Part, PartScores],
    *,
    synthetic: bool,
    leaks: tuple[str, ...] | None = None,
    protocols: tuple[Protocol, ...] | None = None,
    scale: ScaleSummary | None = None,
    segmentation: Mapping[str, Mapping[str, float | None]] | None = None,
    alignment: Mapping[str, Mapping[str, RegionHeat]] | None = None,
) -> Metrics:
    """Give the record; what was not measured is absent from it."""
    return Metrics(
        validation=scores.get(Part.VALIDATION),
        test=scores.get(Part.TEST),
        leaks=leaks,
        protocols=protocols,
        scale=scale,
        segmentation=segmentation,
        alignment=alignment,
        synthetic=synthetic,
        notice=NOTICE,
    )


def mask_scores(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Agreement with expert masks by role, from the table of :func:`leukokit.evaluation.masks.summarize`."""
    return {
        str(role): {str(name): None if np.isnan(value) else float(value) for name, value in values.items()}
        for role, values in table.iterrows()
    }
