"""What comes out of a run, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.api import Labels, RGBImage
from leukokit.engine.data import OpenData
from leukokit.engine.explain_plan import StepReason
from leukokit.engine.explanations.alignment_stage import Alignment
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.images.work import image_and_labels
from leukokit.engine.io.facts import Facts
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.record.files import VERDICT
from leukokit.record.metrics import PARTS, Metrics
from leukokit.record.scores import Interval, PartScores
from leukokit.record.verdict import VerdictRecord


@dataclass(frozen=True)
class FoldRun:
    """One fold: its division, the images' plan and table, and the fitted model.

    Attributes
    ----------
    items : sequence of Item
        The images that were worked on, with the scale they have in this fold.
    """

    fold: Fold | None
    plan: ImagePlan
    items: Sequence[Item]
    images: ImageTable
    fitted: FittedFold | None


def fitted_folds(runs: Sequence[FoldRun]) -> dict[str, FittedFold]:
    """Models by the name of their fold."""
    return {run.fold.name: run.fitted for run in runs if run.fold is not None and run.fitted is not None}


@dataclass(frozen=True, repr=False)
class RunResult:
    """What came out of a run; everything in it is also in the files under ``path``.

    Attributes
    ----------
    path : Path
        The run directory.
    data : OpenData
        The data set; its images have the scale of the first fold where anything asks for it.
    folds : sequence of FoldRun
        Of the recipe's split, or of the first protocol of ``evaluate``.
    record : Metrics
        Content of ``metrics.json``.
    predictions : DataFrame or None
        Content of ``predictions.csv``.
    features : DataFrame
        Features of the first fold, indexed by sample id.
    masks : DataFrame or None
        Agreement with ground truth, one row an image.
    alignment : Alignment or None
        Where the heat of explained images lies.
    scales : DataFrame or None
        Content of ``scale.csv``; None where nothing asks for the scale of the images.
    reasons : sequence of StepReason
        Why each step ran.
    exit_code : int
        0, or 3 where more images were rejected than the recipe allows.
    final : FoldRun or None
        The model that was fitted on all data, tested on none; None where the recipe asks for none.
    """

    path: Path
    recipe: Recipe
    data: OpenData
    folds: Sequence[FoldRun]
    record: Metrics
    predictions: pd.DataFrame | None
    features: pd.DataFrame
    masks: pd.DataFrame | None
    alignment: Alignment | None
    scales: pd.DataFrame | None
    reasons: Sequence[StepReason]
    exit_code: int
    final: FoldRun | None = None

    def __repr__(self) -> str:
        return self._facts().text()

    def _repr_html_(self) -> str:
        return self._facts().html()

    def _facts(self) -> Facts:
        rows = [("images", f"{len(self.data.items):,}, {len(self.folds[0].images.rejected):,} rejected")]
        for name in PARTS:
            scores = self.record.part(name)
            if scores is not None:
                rows.append((name, _scores(scores)))
        if self.stamp:
            rows.append(("stamp", self.stamp))
        report = self.path / "report.html"
        rows += [("report", str(report))] if report.is_file() else []
        rows += [
            ("run directory", str(self.path)),
            ("use", "metrics, predictions, features; leukokit.load(path).predict(images)"),
        ]
        return Facts(f"run of {self.recipe.name!r}", tuple(rows))

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The ``record`` as plain values: dicts, lists, numbers and texts."""
        return self.record.plain()

    @property
    def verdict(self) -> VerdictRecord | None:
        """Whether to trust the scores, why, and what to do next; None where it could not be made."""
        return VERDICT.find(self.path)

    @property
    def stamp(self) -> str | None:
        """Text that marks every output of synthetic data; None for real images."""
        return self.data.stamp

    def pictures(self, items: Sequence[Item]) -> Iterator[tuple[Item, RGBImage, Labels]]:
        """Preprocessed images with their label images; those that were rejected are left out."""
        # Only images that workers came through with: one that crashed a worker would crash this process.
        plan = self.folds[0].plan
        for item in items:
            picture = image_and_labels(plan, item) if item.sample.id in self.features.index else None
            if picture is not None:
                yield item, *picture


def _scores(scores: PartScores) -> str:
    """Say accuracy with its interval, and macro F1."""
    bounds = None if scores.intervals is None else scores.intervals.accuracy
    interval = "" if bounds is None else f" ({_range(bounds)})"
    f1 = "" if scores.macro_f1 is None else f", macro F1 {scores.macro_f1:.1%}"
    accuracy = "" if scores.accuracy is None else f"accuracy {scores.accuracy:.1%}{interval}{f1}, "
    return f"{accuracy}n = {scores.n:,}"


def _range(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"95 % interval: {interval.reason or 'cannot tell'}"
    return f"{interval.low:.1%} to {interval.high:.1%}"
