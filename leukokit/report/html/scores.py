"""What came out: scores, classes, confusion, operating point, calibration, coverage, protocols, tuning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html import curves
from leukokit.report.html.estimate import (
    SCORES,
    Cell,
    Estimate,
    Plot,
    Scores,
    Table,
    count,
    estimated,
    number,
)
from leukokit.report.html.parts import PARTS, headline_part
from leukokit.report.html.protocols import Protocols, protocols_of
from leukokit.report.html.text import known, percent, short

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
class Confusion:
    """Rows are true classes, columns predicted ones."""

    labels: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[ConfusionCell]]]


@dataclass(frozen=True, slots=True)
class PartScores:
    """Everything about one part.

    Attributes
    ----------
    per_class : Table or None
    confusion : Confusion or None
    operating, calibration, coverage
        None where the run did not measure them.
    folds : Table or None
        Scores of each fold, where there are several.
    notes : sequence of str
    """

    name: str
    n: int
    per_class: Table | None
    confusion: Confusion | None
    operating: curves.Operating | None
    calibration: curves.Calibration | None
    coverage: curves.Coverage | None
    folds: Table | None
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a run.

    Attributes
    ----------
    scores : Table or None
        One row a score, one column a part.
    interval_note : str
        How the intervals were made.
    first : PartScores or None
        The part of the headline.
    others : sequence of PartScores
    segmentation : Table or None
        Agreement with the true masks: those of experts, or of rendered smears.
    """

    scores: Table | None
    interval_note: str
    first: PartScores | None
    others: Sequence[PartScores]
    protocols: Protocols | None
    tuning: Sequence[Table]
    training: Plot | None
    segmentation: Table | None

    @property
    def empty(self) -> bool:
        """Whether the run scored nothing at all."""
        return self.scores is None and self.segmentation is None


def outcome_of(run: FinishedRun) -> Outcome:
    """Read it from a run directory."""
    metrics = run.metrics
    headline = headline_part(metrics)
    present = [part for part in PARTS if isinstance(metrics.get(part), Mapping)]
    parts = {part: _part(part, metrics[part]) for part in present}
    return Outcome(
        scores=_scores({part: metrics[part] for part in present}),
        interval_note=_interval_note(metrics[headline]) if headline else "",
        first=parts[headline] if headline else None,
        others=[parts[part] for part in present if part != headline],
        protocols=protocols_of(metrics),
        tuning=_tuning(run),
        training=_training(run),
        segmentation=_segmentation(metrics.get("segmentation")),
    )


def _scores(parts: Mapping[str, Mapping[str, Any]]) -> Table | None:
    if not parts:
        return None
    found = {name: Scores.of(name, facts) for name, facts in parts.items()}
    rows = [
        [
            Cell(words, words),
            *(estimated(each.estimates.get(key, Estimate(None))) for each in found.values()),
        ]
        for key, words, _ in SCORES
        if any(key in each.estimates for each in found.values())
    ]
    columns = ["score", *(f"{each.name}, n = {each.n:,}" for each in found.values())]
    return Table(columns, rows, "Scores by part, with 95% intervals")


def _interval_note(facts: Mapping[str, Any]) -> str:
    intervals = facts.get("intervals") or {}
    accuracy = intervals.get("accuracy") or {}
    level = known(intervals.get("level"))
    if level is None or not accuracy.get("method"):
        return ""
    text = f"Intervals of {percent(level, 0)}: {accuracy['method']}"
    groups, draws = known(intervals.get("groups")), known(intervals.get("draws"))
    if groups is not None and groups < int(facts.get("n") or 0):
        text += f"; {groups:,.0f} groups among {int(facts['n']):,} images"
    if draws:
        text += f"; {draws:,.0f} draws"
    return f"{text}. They cover the random choice of test images, not the difference to other slides."


def _part(name: str, facts: Mapping[str, Any]) -> PartScores:
    notes = [
        *map(str, facts.get("notes") or ()),
        *map(str, (facts.get("intervals") or {}).get("notes") or ()),
    ]
    return PartScores(
        name=name,
        n=int(facts.get("n") or 0),
        per_class=_per_class(facts.get("per_class"), name),
        confusion=_confusion(facts.get("confusion")),
        operating=curves.operating_of(facts.get("operating_point"), name),
        calibration=curves.calibration_of(facts.get("calibration"), name),
        coverage=curves.coverage_of(facts.get("coverage"), name),
        folds=_folds(facts.get("folds")),
        notes=list(dict.fromkeys(notes)),
    )


def _per_class(classes: object, part: str) -> Table | None:
    if not isinstance(classes, Mapping) or not classes:
        return None
    rows = []
    for label, facts in classes.items():
        intervals = facts.get("intervals") or {}
        shown = [
            estimated(Estimate.of(facts.get(key), intervals.get(key), kind))
            for key, kind in (
                ("recall", "percent"),
                ("precision", "percent"),
                ("f1", "unit"),
                ("auc_ovr", "unit"),
            )
        ]
        rows.append([Cell(str(label), str(label)), count(facts.get("support")), *shown])
    columns = ["class", "images", "recall (sensitivity)", "precision", "F1", "AUC, one-vs-rest"]
    return Table(columns, rows, f"Scores of each class, {part} part")


def _confusion(facts: object) -> Confusion | None:
    if not isinstance(facts, Mapping) or not facts.get("labels"):
        return None
    labels = [str(label) for label in facts["labels"]]
    intervals = facts.get("intervals")
    rows = []
    for i, (label, row) in enumerate(zip(labels, facts["matrix"], strict=False)):
        total = sum(row)
        cells = []
        for j, n in enumerate(row):
            share = n / total if total else None
            shade = 0 if not share else max(1, math.ceil(share * _STEPS))
            interval = _cell_interval(intervals, i, j)
            cells.append(ConfusionCell(int(n), share, interval, shade, i == j))
        rows.append((label, int(total), cells))
    return Confusion(labels, rows)


def _cell_interval(intervals: object, i: int, j: int) -> str:
    try:
        return Estimate.of(0.0, intervals[i][j]).interval  # type: ignore[index]
    except (LookupError, TypeError):
        return ""


def _folds(folds: object) -> Table | None:
    if not isinstance(folds, Mapping):
        return None
    keys = [(key, words, kind) for key, words, kind in SCORES if key in ("accuracy", "macro_f1", "auc_ovo")]
    rows = [
        [
            Cell(str(name), str(name)),
            count(facts.get("n")),
            *(number(facts.get(k), kind) for k, _, kind in keys),
        ]
        for name, facts in folds.items()
        if isinstance(facts, Mapping)
    ]
    return Table(["fold", "images", *(words for _, words, _ in keys)], rows, "Scores of each fold")


def _training(run: FinishedRun) -> Plot | None:
    """Epochs of the fit; with several folds, of the first."""
    histories = sorted(run.path.glob("training/history.csv")) or sorted(
        run.path.glob("training/*/history.csv")
    )
    if not histories:
        return None
    return curves.training_of(run.table(histories[0].relative_to(run.path).as_posix()))


def _tuning(run: FinishedRun) -> list[Table]:
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


def frame_table(table: pd.DataFrame, caption: str) -> Table:
    """Show a data frame as it is, numbers to the right."""
    rows = [[_any_cell(value) for value in row] for row in table.itertuples(index=False)]
    return Table([str(name).replace("_", " ") for name in table.columns], rows, caption)


def _any_cell(value: object) -> Cell:
    value = value.item() if hasattr(value, "item") else value
    found = known(value)
    if found is None and not isinstance(value, float):
        return Cell(str(value), str(value))
    return Cell(short(value), found, align="right")


def _segmentation(facts: object) -> Table | None:
    if not isinstance(facts, Mapping) or not facts:
        return None
    present = {str(name) for each in facts.values() for name in each}
    columns = [name for name in _AGREEMENT if name in present]
    columns += sorted(present.difference(columns))
    rows = [
        [Cell(str(role).replace("_", " "), str(role)), *(_any_cell(each.get(name)) for name in columns)]
        for role, each in sorted(facts.items(), key=lambda item: item[0] != "nucleus")
    ]
    heads = [_AGREEMENT.get(name, name.replace("_", " ")) for name in columns]
    return Table(["", *heads], rows, "Agreement with the true masks")
