"""Top of the page: the verdict, and beside it a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.engine.finished_run import FinishedRun
from leukokit.number_text import counted
from leukokit.record.scores import PartScores
from leukokit.record.verdict import VerdictLevel, VerdictRecord
from leukokit.report.html.answers import Answers
from leukokit.report.html.audit_section import AuditSection, Worry, first_upper
from leukokit.report.html.estimate import Estimate, estimate_of
from leukokit.report.html.scores import ScoreSection
from leukokit.report.html.text import percent, words
from leukokit.verdict.levels import TRUST
from leukokit.verdict.of_run import verdict_of

STAMP = "SYNTHETIC SMEARS, NOT REAL DATA"
LEVELS: dict[VerdictLevel, str] = {
    "trust": "ok",
    "doubt": "warn",
    "cannot tell": "none",
    "do not trust": "fail",
}
_PROBE = ("probe", "probes", "probe_as_good", "probe_tells_classes", "probe_tells_some")
_PLACES = {
    "leak": "#trust",
    "leaks_unchecked": "#trust",
    "not_audited": "#trust",
    "check_not_made": "#trust",
    "checks_skipped": "#trust",
    "large_drop": "#scores",
    "some_drop": "#scores",
    "protocol_failed": "#scores",
    "too_few_images": "#scores",
    "few_images_of_class": "#scores",
    "class_not_tested": "#scores",
    "no_better_than_chance": "#scores",
    "nothing_scored": "#scores",
    "no_test_part": "#scores",
}
"""Where the page says more of a reason; the others belong to what was run."""


@dataclass(frozen=True, slots=True)
class Card:
    """One headline number."""

    label: str
    estimate: Estimate
    hint: str = ""
    term: str = ""


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
    verdict : VerdictRecord
    level : str
        How the page shows its level: ``ok``, ``warn``, ``none`` or ``fail``.
    reasons : sequence of Worry
        What speaks against the score, most serious first.
    support : sequence of str
        What speaks for it.
    stamp : str or None
        Marks synthetic data.
    scale : sequence of Mark
        Chance, the best probe and the model, on one axis of 0..1; empty where there is no audit.
    """

    name: str
    description: str
    verdict: VerdictRecord
    level: str
    title: str
    reasons: Sequence[Worry]
    support: Sequence[str]
    cards: Sequence[Card]
    scale: Sequence[Mark]
    stamp: str | None


def headline_of(
    run: FinishedRun, outcome: ScoreSection, answers: Answers | None, audit_section: AuditSection
) -> Headline:
    """Sum a run up."""
    part, verdict = run.metrics.headline_part, verdict_of(run)
    scores = run.metrics.part(part) if part else None
    sample = run.sample
    return Headline(
        name=run.name,
        description=(run.resolved.description or "").strip(),
        verdict=verdict,
        level=LEVELS[verdict.level],
        title=first_upper(verdict.level),
        reasons=_reasons(verdict, audit_section),
        support=[first_upper(reason.text) for reason in verdict.reasons if reason.level == TRUST],
        cards=_group_cards(answers, scores, sample) if answers is not None else _cards(part, scores, outcome),
        scale=_scale(scores, audit_section),
        stamp=STAMP if run.provenance.synthetic else None,
    )


def _reasons(verdict: VerdictRecord, audit: AuditSection) -> list[Worry]:
    """List the reasons against the score, each with the place of the page that says more."""
    places = {finding.check: f"#finding-{i}" for i, finding in enumerate(audit.findings, start=1)}
    shown = []
    for reason in verdict.reasons:
        if reason.level == TRUST:
            continue
        href = _PLACES.get(reason.code, "#run")
        if reason.check is not None:
            href = places.get(words(reason.check), "#trust")
        elif reason.code.endswith(_PROBE) and audit.probe_table is not None:
            href = "#probes"
        shown.append(Worry(LEVELS[reason.level], reason.level, first_upper(reason.text), href))
    return shown


def _group_cards(answers: Answers, one_by_one: PartScores | None, sample: str) -> list[Card]:
    """Show the answers by patient first, and the accuracy by image (or cell) last."""
    scores, unit = answers.scores, answers.unit
    cards = [
        Card("Accuracy", estimate_of(scores, "accuracy"), counted(scores.n, f"{answers.part} {unit}")),
        Card("Macro F1", estimate_of(scores, "macro_f1", "unit"), f"by {unit}"),
    ]
    operating = answers.operating
    if operating is not None:
        against = f"{operating.positive} against {operating.negative}"
        cards.append(Card("Sensitivity", operating.sensitivity, f"by {unit}, {against}"))
        cards.append(Card("Specificity", operating.specificity, f"by {unit}, at the same threshold"))
    if one_by_one is not None:
        cards.append(Card("Accuracy", estimate_of(one_by_one, "accuracy"), f"by {sample}"))
    return cards


def _cards(part: str | None, scores: PartScores | None, outcome: ScoreSection) -> list[Card]:
    if scores is None:
        return []
    cards = [
        Card("Accuracy", estimate_of(scores, "accuracy"), f"{part} part"),
        Card("Macro F1", estimate_of(scores, "macro_f1", "unit"), "mean over classes"),
    ]
    if scores.auc_ovo is not None:
        cards.append(Card("AUC", estimate_of(scores, "auc_ovo", "unit"), "one-vs-one", "AUC, one-vs-one"))
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
