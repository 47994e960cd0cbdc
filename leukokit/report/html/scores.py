"""What came out: scores, classes, confusion, operating point, calibration, coverage, protocols, tuning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from leukokit.engine.finished_run import FinishedRun
from leukokit.record import scores as record
from leukokit.record.metrics import PARTS
from leukokit.report.html import curves
from leukokit.report.html.estimate import (
    SCORES,
    Cell,
    Estimate,
    HtmlTable,
    Plot,
    Scores,
    count,
    estimated,
    number,
)
from leukokit.report.html.protocols import Protocols, protocols_of
from leukokit.report.html.text import known, percent, short, words

_MOST_SETTINGS = 200
_STEPS = 10  # of the shading of a confusion matrix

_AGREEMENT = {
    "dice_mean": "Dice mean",
    "dice_median": "median",
    "dice_p10": "p10",
    "iou_mean": "IoU mean",
    "iou_median": "median",
    "iou_p10": "p10",
    "objects_true": "true objects",
    "objects_found": "found",
    "count_error": "count off by",
    "recall": "recall",
    "precision": "precision",
    "f1": "F1",
    "f1_50_95": "F1, IoU .5-.95",
    "panoptic_quality": "panoptic quality",
    "images": "images",
    "failures": "failed",
}
"""Columns of the agreement with true masks, in the order in which they are read."""


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """Count of one true class given one predicted class."""

    n: int
    share: float | None
    interval: str
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class ConfusionTable:
    """Rows are true classes, columns predicted ones."""

    labels: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[ConfusionCell]]]


@dataclass(frozen=True, slots=True)
class ShownScores:
    """Everything about one part.

    Attributes
    ----------
    per_class : HtmlTable or None
    confusion : ConfusionTable or None
    operating, calibration, coverage
        None where the run did not measure them.
    folds : HtmlTable or None
        Scores of each fold, where there are several.
    notes : sequence of str
    """

    name: str
    n: int
    per_class: HtmlTable | None
    confusion: ConfusionTable | None
    operating: curves.Operating | None
    calibration: curves.ShownCalibration | None
    coverage: curves.ShownCoverage | None
    folds: HtmlTable | None
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ScoreSection:
    """What came out of a run.

    Attributes
    ----------
    scores : HtmlTable or None
        One row a score, one column a part.
    interval_note : str
        How the intervals were made.
    first : ShownScores or None
        The part of the headline.
    others : sequence of ShownScores
    segmentation : HtmlTable or None
        Agreement with the true masks or boxes: those of experts, or of rendered smears.
    """

    scores: HtmlTable | None
    interval_note: str
    first: ShownScores | None
    others: Sequence[ShownScores]
    protocols: Protocols | None
    tuning: Sequence[HtmlTable]
    training: Plot | None
    segmentation: HtmlTable | None

    @property
    def empty(self) -> bool:
        """Whether the run scored nothing at all."""
        return self.scores is None and self.segmentation is None


def score_section_of(run: FinishedRun) -> ScoreSection:
    """Read it from a run directory."""
    metrics = run.metrics
    headline = metrics.headline_part
    scored = {name: scores for name in PARTS if (scores := metrics.part(name)) is not None}
    parts = {name: _part(name, scores, run.sample) for name, scores in scored.items()}
    return ScoreSection(
        scores=_scores(scored),
        interval_note=_interval_note(scored[headline], run.sample) if headline else "",
        first=parts[headline] if headline else None,
        others=[part for name, part in parts.items() if name != headline],
        protocols=protocols_of(metrics),
        tuning=_tuning(run),
        training=_training(run),
        segmentation=_segmentation(metrics.segmentation),
    )


def _scores(parts: Mapping[str, record.PartScores]) -> HtmlTable | None:
    if not parts:
        return None
    by_part = {name: Scores.of(name, part) for name, part in parts.items()}
    rows = [
        [
            Cell(shown, shown),
            *(estimated(scores.estimates.get(key, Estimate(None))) for scores in by_part.values()),
        ]
        for key, shown, _ in SCORES
        if any(key in scores.estimates for scores in by_part.values())
    ]
    columns = ["score", *(f"{scores.name}, n = {scores.n:,}" for scores in by_part.values())]
    return HtmlTable(columns, rows, "Scores by part, with 95% intervals")


def _interval_note(part: record.PartScores, sample: str) -> str:
    intervals = part.intervals
    if intervals is None or intervals.level is None:
        return ""
    if intervals.accuracy is None or not intervals.accuracy.method:
        return ""
    text = f"Intervals of {percent(intervals.level, 0)}: {intervals.accuracy.method}"
    if intervals.groups is not None and intervals.groups < part.n:
        text += f"; {intervals.groups:,} groups among {part.n:,} {sample}s"
    if intervals.draws:
        text += f"; {intervals.draws:,} draws"
    return f"{text}. They cover the random choice of test {sample}s, not the difference to other slides."


def _part(name: str, part: record.PartScores, sample: str) -> ShownScores:
    notes = [*part.notes, *(part.intervals.notes if part.intervals is not None else ())]
    return ShownScores(
        name=name,
        n=part.n,
        per_class=_per_class(part.per_class, part.confusion, name, sample),
        confusion=_confusion(part.confusion),
        operating=curves.operating_of(part.operating_point, name, f"{sample}s"),
        calibration=curves.calibration_of(part.calibration, name, sample),
        coverage=curves.coverage_of(part.coverage, name, sample),
        folds=_folds(part.folds, sample),
        notes=list(dict.fromkeys(notes)),
    )


def _specificity(label: str, scores: record.ClassScores, confusion: record.Confusion | None) -> float | None:
    """Specificity of a class; of runs that did not record it, from the confusion matrix."""
    if scores.specificity is not None or confusion is None or label not in confusion.labels:
        return scores.specificity
    own = confusion.labels.index(label)
    others = [row for place, row in enumerate(confusion.matrix) if place != own]
    total = sum(map(sum, others))
    return 1 - sum(row[own] for row in others) / total if total else None


def _per_class(
    classes: Mapping[str, record.ClassScores], confusion: record.Confusion | None, part: str, sample: str
) -> HtmlTable | None:
    if not classes:
        return None
    rows = []
    for label, scores in classes.items():
        within = scores.intervals or record.ClassIntervals()
        shown = [
            estimated(Estimate.of(scores.recall, within.recall)),
            estimated(Estimate.of(_specificity(label, scores, confusion), within.specificity)),
            estimated(Estimate.of(scores.precision, within.precision)),
            estimated(Estimate.of(scores.f1, within.f1, "unit")),
            estimated(Estimate.of(scores.auc_ovr, within.auc_ovr, "unit")),
        ]
        rows.append([Cell(label, label), count(scores.support), *shown])
    columns = [
        "class",
        f"{sample}s",
        "recall (sensitivity)",
        "specificity",
        "precision",
        "F1",
        "AUC, one-vs-rest",
    ]
    return HtmlTable(columns, rows, f"Scores of each class, {part} part")


def _confusion(confusion: record.Confusion | None) -> ConfusionTable | None:
    if confusion is None or not confusion.labels:
        return None
    rows = []
    for i, (label, row) in enumerate(zip(confusion.labels, confusion.matrix, strict=False)):
        total = sum(row)
        cells = []
        for j, n in enumerate(row):
            share = n / total if total else None
            shade = 0 if not share else max(1, math.ceil(share * _STEPS))
            interval = _cell_interval(confusion, i, j)
            cells.append(ConfusionCell(n, share, interval, shade, i == j))
        rows.append((label, total, cells))
    return ConfusionTable(confusion.labels, rows)


def _cell_interval(confusion: record.Confusion, i: int, j: int) -> str:
    try:
        cell = confusion.intervals[i][j] if confusion.intervals is not None else None
    except IndexError:
        return ""
    return "" if cell is None else Estimate.between(0.0, cell.low, cell.high).interval


def _folds(folds: Mapping[str, record.BriefScores | None] | None, sample: str) -> HtmlTable | None:
    if folds is None:
        return None
    keys = [(key, shown, kind) for key, shown, kind in SCORES if key in ("accuracy", "macro_f1", "auc_ovo")]
    rows = [
        [
            Cell(name, name),
            count(scores.n),
            *(number(scores.of(key), kind) for key, _, kind in keys),
        ]
        for name, scores in folds.items()
        if scores is not None
    ]
    return HtmlTable(["fold", f"{sample}s", *(shown for _, shown, _ in keys)], rows, "Scores of each fold")


def _training(run: FinishedRun) -> Plot | None:
    """Epochs of the fit; with several folds, of the first."""
    histories = sorted(run.path.glob("training/history.csv")) or sorted(
        run.path.glob("training/*/history.csv")
    )
    if not histories:
        return None
    return curves.training_of(run.table(histories[0].relative_to(run.path).as_posix()))


def _tuning(run: FinishedRun) -> list[HtmlTable]:
    """Every ``tuning*.csv`` of the run: one, or one a fold."""
    tables = []
    for path in sorted(run.path.glob("tuning*.csv")):
        table = run.table(path.name)
        if table is None or table.empty:
            continue
        caption = f"Settings that were tried ({path.name})"
        if len(table) > _MOST_SETTINGS:
            caption += f", the best {_MOST_SETTINGS} of {len(table):,}"
            if "rank" in table:
                table = table.sort_values("rank", kind="stable")
        tables.append(frame_table(table.head(_MOST_SETTINGS), caption))
    return tables


def frame_table(table: pd.DataFrame, caption: str) -> HtmlTable:
    """Show a data frame as it is, numbers to the right."""
    rows = [[_any_cell(value) for value in row] for row in table.itertuples(index=False)]
    return HtmlTable([str(name).replace("_", " ") for name in table.columns], rows, caption)


def _any_cell(value: object) -> Cell:
    value = value.item() if hasattr(value, "item") else value
    number_ = known(value)
    if number_ is None and not isinstance(value, float):
        return Cell(str(value), str(value))
    return Cell(short(value), number_, align="right")


def _segmentation(roles: Mapping[str, Mapping[str, float | None]] | None) -> HtmlTable | None:
    if not roles:
        return None
    present = {name for measures in roles.values() for name in measures}
    columns = [name for name in _AGREEMENT if name in present]
    columns += sorted(present.difference(columns))
    rows = [
        [Cell(words(role), role), *(_any_cell(measures.get(name)) for name in columns)]
        for role, measures in sorted(roles.items(), key=lambda item: item[0] != "nucleus")
    ]
    heads = [_AGREEMENT.get(name, name.replace("_", " ")) for name in columns]
    return HtmlTable(["", *heads], rows, "Agreement with the true masks or boxes")
