"""From the evidence to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from leukokit.notice import NOTICE
from leukokit.record.base import FORMAT
from leukokit.record.verdict import VerdictReason, VerdictRecord
from leukokit.verdict import sentences
from leukokit.verdict.evidence import Evidence
from leukokit.verdict.levels import CANNOT_TELL, ORDER, TRUST, most_serious
from leukokit.verdict.rules import amount, comparison, faults, patients

Rule: TypeAlias = Callable[[Evidence], Iterator[VerdictReason]]

RULES: tuple[Rule, ...] = (
    amount.tested,
    faults.real_images,
    faults.leaks,
    comparison.better_than_probes,
    comparison.better_than_chance,
    amount.enough_images,
    patients.patients,
    faults.other_protocols,
    faults.audited,
    faults.rejected,
    amount.enough_of_each_class,
)
"""In the order in which reasons of the same level are told."""

NEEDED = frozenset(
    {
        "tested",
        "real_images",
        "no_leak",
        "better_than_probes",
        "better_than_chance",
        "enough_images",
        "patients_apart",
        "audit_passed",
        "few_rejected",
        "enough_of_each_class",
    }
)
"""Reasons without which there is no trust: silence is not a good sign."""

_MOST_STEPS = 4
_ELSEWHERE = (
    "Test the model on images of another laboratory before you rely on it; compare protocols and seeds with "
    "'leukokit compare'."
)


_NAME_PATIENTS = "Name the patient of each image: predict a table with the columns path, label and group."
_STEPS_OF_VALIDATION = {
    "not_audited": "Audit the new images: leukokit audit FOLDER.",
    "patients_unknown": _NAME_PATIENTS,
    "groups_unnamed": _NAME_PATIENTS,
}


def conclude(evidence: Evidence) -> VerdictRecord:
    """Give the verdict: the level of the most serious reason, the reasons, and the sentences."""
    found = _found(evidence)
    reasons = _sorted([_of_validation(each) for each in found] if evidence.external else [*found])
    level = most_serious(reason.level for reason in reasons)
    return VerdictRecord(
        format=FORMAT,
        level=level,
        question=sentences.question(evidence),
        answer=sentences.answer(evidence),
        confusion=sentences.worst_confusion(evidence.answered, evidence.unit),
        trust=sentences.trust(level, reasons),
        notes=tuple(sentences.notes(evidence, level)),
        next=_steps(reasons),
        reasons=tuple(reasons),
        notice=NOTICE,
    )


def _found(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask every rule; where none objects and a needed reason is missing, that is a reason not to trust."""
    reasons = [reason for rule in RULES for reason in rule(evidence)]
    yield from reasons
    missing = sorted(NEEDED - {reason.code for reason in reasons})
    if missing and all(reason.level == TRUST for reason in reasons):
        names = ", ".join(missing)
        yield VerdictReason(
            code="evidence_missing",
            level=CANNOT_TELL,
            text=f"the run does not hold what trust needs ({names})",
            next="Run the recipe again with this version of leukokit.",
        )


def _of_validation(reason: VerdictReason) -> VerdictReason:
    """Give the step for a validation, which has no recipe to change and to run again."""
    return reason.model_copy(update={"next": _STEPS_OF_VALIDATION.get(reason.code, "")})


def _sorted(reasons: Sequence[VerdictReason]) -> list[VerdictReason]:
    return sorted(reasons, key=lambda reason: -ORDER.index(reason.level))


def _steps(reasons: Sequence[VerdictReason]) -> tuple[str, ...]:
    steps = list(dict.fromkeys(reason.next for reason in reasons if reason.next))
    return tuple(steps[:_MOST_STEPS]) or (_ELSEWHERE,)
