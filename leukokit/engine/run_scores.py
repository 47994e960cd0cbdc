"""All scores of one protocol: by image, by group, by trait; and the rows that they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from leukokit.api import Part
from leukokit.engine.data import OpenData
from leukokit.engine.io.tables import csv_bytes
from leukokit.engine.models.group_results import ATTENTION_FILE, FILE, group_scores
from leukokit.engine.models.results import fold_metrics, predictions
from leukokit.engine.models.subgroup_results import subgroup_scores
from leukokit.engine.protocols import Division, Evaluated
from leukokit.engine.provenance import groups_are
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import FoldRun, fitted_folds
from leukokit.recipe import Recipe
from leukokit.record.groups import GroupScores, SubgroupScores
from leukokit.record.scores import PartScores


@dataclass(frozen=True)
class RunScores:
    """What the models of one protocol are worth.

    Attributes
    ----------
    parts : mapping of Part to PartScores
        By image.
    predictions : DataFrame or None
        Content of ``predictions.csv``; None without a classifier, as all below.
    by_group : GroupScores or None
        None where the recipe asks for no answer by group.
    groups : DataFrame or None
        Content of ``predictions_by_group.csv``.
    attention : DataFrame or None
        Content of ``attention.csv``; None where no group is answered with attention.
    subgroups : mapping of trait to SubgroupScores
    """

    parts: Mapping[Part, PartScores] = field(default_factory=dict)
    predictions: pd.DataFrame | None = None
    by_group: GroupScores | None = None
    groups: pd.DataFrame | None = None
    attention: pd.DataFrame | None = None
    subgroups: Mapping[str, SubgroupScores] = field(default_factory=dict)

    def write(self, directory: RunDirectory, folder: str = "") -> None:
        """Write the tables into the run directory, or into a folder in it (with a slash at its end)."""
        tables = {
            "predictions.csv": self.predictions,
            FILE: self.groups,
            ATTENTION_FILE: self.attention,
        }
        for name, table in tables.items():
            if table is not None:
                directory.write(f"{folder}{name}", csv_bytes(table))

    def evaluated(self, division: Division, runs: Sequence[FoldRun]) -> Evaluated:
        """Give what came of a protocol."""
        return Evaluated(division, fitted_folds(runs), self.parts, self.by_group, self.subgroups)


def score_runs(
    recipe: Recipe, data: OpenData, division: Division | None, runs: Sequence[FoldRun]
) -> RunScores:
    """Score the folds of one protocol; empty where the recipe has no classifier.

    Parameters
    ----------
    division : Division or None
        The protocol; a trait that it leaves out is scored like a subgroup.
    """
    fitted = fitted_folds(runs)
    if recipe.classify is None or not fitted:
        return RunScores()
    samples = {item.sample.id: item.sample for item in data.items}
    folds = [(run.fold, run.fitted) for run in runs if run.fold is not None and run.fitted is not None]
    answers = group_scores(folds, samples, groups_are(recipe, data), seed=recipe.seed)
    left_out = [division.left_out] if division is not None and division.left_out is not None else []
    return RunScores(
        parts=fold_metrics(fitted, seed=recipe.seed),
        predictions=predictions(fitted, samples, data.source),
        by_group=None if answers is None else answers.scores,
        groups=None if answers is None else answers.table,
        attention=None if answers is None else answers.attention,
        subgroups=subgroup_scores(fitted, samples, list(dict.fromkeys([*recipe.model.subgroups, *left_out]))),
    )
