"""The verdict: what came out and how far to trust it, in two sentences and a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.scores import PartScores
from leukokit.report.html.audit_section import AuditSection
from leukokit.report.html.estimate import Estimate, estimate_of
from leukokit.report.html.scores import ScoreSection
from leukokit.report.html.text import percent, points

STAMP = "SYNTHETIC SMEARS, NOT REAL DATA"


@dataclass(frozen=True, slots=True)
class Card:
    """One headline number."""

    label: str
    estimate: Estimate
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A number on the scale of the headline."""

    label: str
    x: float
    kind: str
    anchor: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """Top of the page.

    Attributes
    ----------
    stamp : str or None
        Marks synthetic data.
    scale : sequence of Mark
        Chance, the best probe and the model, on one axis of 0..1; empty where there is no audit.
    """

    name: str
    description: str
    verdict: str
    caveat: str
    cards: Sequence[Card]
    scale: Sequence[Mark]
    stamp: str | None


def headline_of(run: FinishedRun, outcome: ScoreSection, audit_section: AuditSection) -> Headline:
    """Sum a run up."""
    part = run.metrics.headline_part
    scores = run.metrics.part(part) if part else None
    return Headline(
        name=run.name,
        description=(run.resolved.description or "").strip(),
        verdict=_verdict(part, scores, run),
        caveat=_caveat(outcome, audit_section),
        cards=_cards(part, scores, outcome),
        scale=_scale(scores, audit_section),
        stamp=STAMP if run.provenance.synthetic else None,
    )


def _verdict(part: str | None, scores: PartScores | None, run: FinishedRun) -> str:
    if scores is None or scores.accuracy is None:
        if run.resolved.classify is not None:
            return "The run has no score: its split has no test or validation part."
        return "This recipe has no classifier, so there is no score."
    estimate = estimate_of(scores, "accuracy")
    interval = f" (95% interval {estimate.interval})" if estimate.interval else ""
    return (
        f"{round(scores.accuracy * scores.n):,} of {scores.n:,} {part} images were classified correctly: "
        f"{estimate.text}{interval}, with the split {run.split_name}."
    )


def _caveat(outcome: ScoreSection, audit_section: AuditSection) -> str:
    parts = []
    if audit_section.best_probe is not None:
        name, estimate, _ = audit_section.best_probe
        parts.append(f"A model that uses only {_SEEN.get(name, name)} reaches {estimate.text}.")
    if outcome.protocols is not None and outcome.protocols.worst is not None:
        name, estimate, drop = outcome.protocols.worst
        parts.append(f"With the protocol {name} the accuracy is {estimate.text} ({points(drop)} points).")
    return " ".join(parts)


_SEEN = {
    "color": "color",
    "frame": "the outer frame of the image",
    "corner": "a corner",
    "file": "file size and dimensions",
    "missing": "which features are missing",
}


def _cards(part: str | None, scores: PartScores | None, outcome: ScoreSection) -> list[Card]:
    if scores is None:
        return []
    cards = [
        Card("Accuracy", estimate_of(scores, "accuracy"), f"{part} part"),
        Card("Macro F1", estimate_of(scores, "macro_f1", "unit"), "mean over classes"),
    ]
    if scores.auc_ovo is not None:
        cards.append(Card("AUC", estimate_of(scores, "auc_ovo", "unit"), "one-vs-one"))
    operating = outcome.first.operating if outcome.first else None
    if operating is not None:
        against = f"{operating.positive} against {operating.negative}"
        cards.append(Card("Sensitivity", operating.sensitivity, against))
        cards.append(Card("Specificity", operating.specificity, "at the same threshold"))
    return cards


def _scale(scores: PartScores | None, audit_section: AuditSection) -> list[Mark]:
    accuracy = Estimate(None) if scores is None else estimate_of(scores, "accuracy")
    if accuracy.value is None or (audit_section.chance is None and audit_section.best_probe is None):
        return []
    chance, probe = audit_section.chance, audit_section.best_probe
    beside = probe[1].value if probe is not None else None
    # Two labels share the lower line: where they are near each other, each goes to its own side.
    near = chance is not None and beside is not None and abs(chance - beside) < 0.3
    marks = []
    if chance is not None:
        anchor = ("end" if beside is not None and chance < beside else "start") if near else _anchor(chance)
        marks.append(Mark(f"chance {percent(chance, 0)}", chance, "chance", anchor))
    if probe is not None and beside is not None:
        anchor = ("start" if chance is not None and chance < beside else "end") if near else _anchor(beside)
        estimate = probe[1]
        marks.append(
            Mark(f"{probe[0]} only {estimate.text}", beside, "probe", anchor, estimate.low, estimate.high)
        )
    marks.append(
        Mark(
            f"model {accuracy.text}",
            accuracy.value,
            "model",
            _anchor(accuracy.value),
            accuracy.low,
            accuracy.high,
        )
    )
    return marks


def _anchor(x: float) -> str:
    return "end" if x > 0.75 else "start" if x < 0.12 else "middle"
