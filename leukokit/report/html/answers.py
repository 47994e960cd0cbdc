"""Answers for patients or slides, and scores by trait of the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from leukokit.number_text import counted
from leukokit.record import scores as record
from leukokit.record.groups import GroupScores, SubgroupScores
from leukokit.record.metrics import PARTS, Metrics
from leukokit.report.html import curves
from leukokit.report.html.estimate import (
    SCORES,
    Cell,
    Estimate,
    HtmlTable,
    Scores,
    count,
    estimate_of,
    estimated,
    number,
)
from leukokit.report.html.text import percent, short


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered for each patient (slide, group).

    Attributes
    ----------
    unit : str
        ``patient``, ``slide`` or ``group``.
    part : str
        Part of the headline.
    scores : PartScores
        Of that part.
    tables : sequence of HtmlTable
        Scores, classes, confusion, operating point, calibration, and how images were combined.
    operating : Operating or None
    """

    unit: str
    part: str
    scores: record.PartScores
    tables: Sequence[HtmlTable]
    operating: curves.Operating | None
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Scores for each value of one trait."""

    trait: str
    table: HtmlTable
    sentence: str


def answers_of(metrics: Metrics, sample: str) -> Answers | None:
    """Read them; None where the recipe asks for no answer by group, or there is none."""
    by_group, part = metrics.by_group, metrics.headline_part
    scores = None if by_group is None or part is None else by_group.part(part)
    if by_group is None or part is None or scores is None:
        return None
    found = [
        _scores(by_group),
        _classes(scores, by_group.unit),
        _confusion(scores.confusion, by_group.unit),
        _calibration(scores.calibration, by_group.unit),
        _ways(by_group, sample),
    ]
    intervals = () if scores.intervals is None else scores.intervals.notes
    return Answers(
        unit=by_group.unit,
        part=part,
        scores=scores,
        tables=[table for table in found if table is not None],
        operating=_operating(scores.operating_point, part, by_group.unit),
        notes=[*by_group.notes, *intervals],
    )


def _operating(point: record.OperatingPoint | None, part: str, unit: str) -> curves.Operating | None:
    """Show the operating point as that of images is shown, with counts of groups."""
    shown = curves.operating_of(point, f"{part}-{unit}", f"{unit}s")
    if shown is None:
        return None
    caption = f"At the operating point, by {unit}, {part} part"
    return replace(shown, rates=replace(shown.rates, caption=caption))


def _scores(by_group: GroupScores) -> HtmlTable:
    parts = {name: Scores.of(name, part) for name in PARTS if (part := by_group.part(name)) is not None}
    rows = [
        [
            Cell(shown, shown),
            *(estimated(scores.estimates.get(key, Estimate(None))) for scores in parts.values()),
        ]
        for key, shown, _ in SCORES
        if any(key in scores.estimates for scores in parts.values())
    ]
    columns = ["score", *(f"{name}, {counted(scores.n, by_group.unit)}" for name, scores in parts.items())]
    return HtmlTable(columns, rows, f"Scores by {by_group.unit}, with 95% intervals")


def _classes(scores: record.PartScores, unit: str) -> HtmlTable:
    rows = []
    for label, one in scores.per_class.items():
        within = one.intervals or record.ClassIntervals()
        rows.append(
            [
                Cell(label, label),
                count(one.support),
                estimated(Estimate.of(one.recall, within.recall)),
                estimated(Estimate.of(one.specificity, within.specificity)),
                estimated(Estimate.of(one.precision, within.precision)),
            ]
        )
    columns = ["class", f"{unit}s", "recall (sensitivity)", "specificity", "precision"]
    return HtmlTable(columns, rows, f"Each class, by {unit}")


def _confusion(confusion: record.Confusion | None, unit: str) -> HtmlTable | None:
    if confusion is None:
        return None
    rows = [
        [Cell(label, label), *(count(n) for n in row)]
        for label, row in zip(confusion.labels, confusion.matrix, strict=True)
    ]
    columns = ["true class", *(f"called {label}" for label in confusion.labels)]
    return HtmlTable(columns, rows, f"Confusion: {unit}s by true class and answer")


def _calibration(calibration: record.Calibration | None, unit: str) -> HtmlTable | None:
    plain = None if calibration is None else calibration.methods.get("none")
    if plain is None:
        return None
    ece = Estimate.between(plain.ece, plain.ece_low, plain.ece_high, "unit")
    rows = [
        [Cell("expected calibration error", "ece"), estimated(ece)],
        [Cell("Brier score", "brier"), number(plain.brier, "unit")],
        [Cell("log loss", "log_loss"), Cell(short(plain.log_loss), plain.log_loss, align="right")],
    ]
    return HtmlTable(["", "value"], rows, f"Calibration of the answers by {unit}")


def _ways(by_group: GroupScores, sample: str) -> HtmlTable | None:
    tried = list(dict.fromkeys(way for each in by_group.ways.values() for way in each.tried))
    if not by_group.ways:
        return None
    criterion = (by_group.chosen_by or "").replace("_", " ")
    rows = [
        [
            Cell(fold, fold),
            Cell(each.way, each.way),
            *(Cell(short(each.tried.get(way)), each.tried.get(way), align="right") for way in tried),
        ]
        for fold, each in by_group.ways.items()
    ]
    how = f", chosen on validation by {criterion}" if criterion else ""
    return HtmlTable(["fold", "combined by", *tried], rows, f"How {sample}s became an answer{how}")


def subgroups_of(metrics: Metrics, sample: str) -> list[Subgroups]:
    """Read the scores by trait, and those of protocols that leave one value out."""
    found = [_subgroups(trait, scores, sample) for trait, scores in (metrics.subgroups or {}).items()]
    others = metrics.protocols[1:] if metrics.protocols else ()
    return found + [
        _subgroups(protocol.name, protocol.left_out, sample)
        for protocol in others
        if protocol.left_out is not None
    ]


def _subgroups(trait: str, scores: SubgroupScores, sample: str) -> Subgroups:
    rows = [
        [
            Cell(value, value),
            count(one.n),
            count(None if one.intervals is None else one.intervals.groups),
            estimated(estimate_of(one, "accuracy")),
            estimated(estimate_of(one, "macro_f1", "unit")),
            estimated(estimate_of(one, "auc_ovo", "unit")),
        ]
        for value, one in scores.values.items()
    ]
    columns = ["value", f"{sample}s", "groups", "Accuracy", "Macro F1", "AUC, one-vs-one"]
    return Subgroups(trait, HtmlTable(columns, rows, f"By {trait}, {scores.part} part"), _gap(scores, sample))


def _gap(scores: SubgroupScores, sample: str) -> str:
    gap, said = scores.gap, []
    if gap is not None:
        estimate = Estimate.between(gap.value, gap.low, gap.high)
        said.append(
            f"The largest gap of accuracy is {estimate.both}: {gap.best} is above {gap.worst}. An interval "
            "that holds 0 does not show a difference."
        )
    if scores.spread is not None:
        said.append(f"Standard deviation of the accuracy over the values: {percent(scores.spread)}.")
    if scores.unknown:
        said.append(f"The value of {counted(scores.unknown, sample)} is not known.")
    return " ".join(said)
