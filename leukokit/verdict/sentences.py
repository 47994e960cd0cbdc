"""The sentences of a verdict: what was asked, the answer, the worst confusion, and what else to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukokit.number_text import counted, joined, percent, percent_range
from leukokit.record.scores import Confusion, OperatingPoint, PartScores, Referral
from leukokit.record.verdict import VerdictLevel, VerdictReason
from leukokit.verdict.evidence import Accuracy, Evidence, accuracy_of, answered_accuracy
from leukokit.verdict.levels import CANNOT_TELL, DO_NOT_TRUST, DOUBT, TRUST

USELESS_REFERRAL = 0.5
"""Share of referred images above which a rule leaves most of the work to the expert."""

_LEAD: Mapping[VerdictLevel, str] = {
    TRUST: "The score can be trusted for new patients of the same laboratory",
    DOUBT: "Use the score with doubt",
    CANNOT_TELL: "Whether to trust the score cannot be told",
    DO_NOT_TRUST: "Do not trust the score",
}
_ELSEWHERE = "It says nothing of other laboratories, stains, microscopes or cameras."


def question(evidence: Evidence) -> str:
    """Say what was asked of which images."""
    scores, sample = evidence.scores, evidence.sample
    if scores is None or evidence.classifier is None:
        return f"No question: {counted(evidence.images, sample)} of {evidence.data_set} were measured only."
    samples, where = (
        counted(scores.n, f"{evidence.part} {sample}"),
        f"{evidence.data_set}, split {evidence.split}",
    )
    groups = evidence.group_scores
    if groups is not None:
        return (
            f"Which class does a {evidence.unit} have: {joined(scores.per_class)}? Asked of "
            f"{counted(groups.n, f'{evidence.part} {evidence.unit}')} ({samples}) of {where}."
        )
    shown = f"{'an' if sample == 'image' else 'a'} {sample}"
    return f"Which class does {shown} show: {joined(scores.per_class)}? Asked of {samples} of {where}."


def answer(evidence: Evidence) -> str:
    """Give the score with its range, beside the best constant answer; the agreement with masks otherwise."""
    accuracy = answered_accuracy(evidence)
    if accuracy is None:
        roles = evidence.metrics.segmentation or {}
        masks = [
            f"{role} {dice:.2f}"
            for role, each in roles.items()
            if (dice := each.get("dice_mean")) is not None
        ]
        boxes = [
            f"{role.removesuffix('_box')} {f1:.2f}"
            for role, each in roles.items()
            if "dice_mean" not in each and (f1 := each.get("f1")) is not None
        ]
        agreement = f" Mean Dice with the true masks: {', '.join(masks)}." if masks else ""
        agreement += f" F1 of objects against the true boxes: {', '.join(boxes)}." if boxes else ""
        return f"There is no score.{agreement}"
    by_image = ""
    if evidence.group_scores is not None and (one_by_one := accuracy_of(evidence)) is not None:
        by_image = f" By {evidence.sample}: {percent(one_by_one.value)}{_bounds(one_by_one)}."
    return (
        f"{accuracy.right:,} of {counted(accuracy.n, f'{evidence.part} {evidence.unit}')} are classified "
        f"correctly: {percent(accuracy.value)}{_bounds(accuracy)}. Always answering {accuracy.largest} would "
        f"give {percent(accuracy.chance)}.{by_image}"
    )


def _bounds(accuracy: Accuracy) -> str:
    if accuracy.unknown:
        return f" (95% range: {accuracy.unknown})"
    if accuracy.low is None or accuracy.high is None:
        return ""
    return f" (95% range {percent_range(accuracy.low, accuracy.high)})"


def worst_confusion(scores: PartScores | None, unit: str = "image") -> str:
    """Name the confusion whose share of its true class is surely the largest; empty without any scores.

    Of each share the lower end of its interval is compared: one error in two images is no large share.
    """
    if scores is None or scores.confusion is None:
        return ""
    confusion = scores.confusion
    cells = [
        (_low(confusion, row, column), n, row, column)
        for row, counts in enumerate(confusion.matrix)
        for column, n in enumerate(counts)
        if row != column and n
    ]
    if not cells:
        return f"No {unit} was called another class than its own."
    _, n, row, column = max(cells, key=lambda cell: (cell[0], cell[1], -cell[2], -cell[3]))
    true, given = confusion.labels[row], confusion.labels[column]
    total = sum(confusion.matrix[row])
    were = "was" if n == 1 else "were"
    return f"{n:,} of {counted(total, unit)} of {_named(true, scores.operating_point)} {were} called {given}."


def _low(confusion: Confusion, row: int, column: int) -> float:
    try:
        cell = None if confusion.intervals is None else confusion.intervals[row][column]
    except IndexError:
        cell = None
    if cell is None:
        return confusion.matrix[row][column] / (sum(confusion.matrix[row]) or 1)
    return cell.low or 0.0  # of too few patients nothing is sure


def _named(label: str, point: OperatingPoint | None) -> str:
    return f"{label} (healthy)" if point is not None and label in point.negative else label


def notes(evidence: Evidence, level: VerdictLevel) -> list[str]:
    """Say what else a reader should know."""
    scores = evidence.answered
    refer = None if scores is None or scores.coverage is None else scores.coverage.refer
    said = (
        []
        if scores is None or refer is None or refer.referred is None
        else [referral(refer, scores.n, evidence.unit)]
    )
    if evidence.metrics.by_group is not None:
        said += [f"{text[:1].upper()}{text[1:]}." for text in evidence.metrics.by_group.notes]
    return [*said, _ELSEWHERE] if level in (TRUST, DOUBT) else said


def referral(refer: Referral, n: int, unit: str = "image") -> str:
    """Say whether the rule that leaves unsure images (or patients) to an expert is of use."""
    sent = refer.referred or 0
    if sent > USELESS_REFERRAL * n:
        return f"The rule for unsure {unit}s is of no use: it sends {sent:,} of {n:,} to the expert."
    wrong = refer.errors_referred or 0
    return (
        f"The rule for unsure {unit}s sends {sent:,} of {n:,} to the expert, with {wrong:,} of "
        f"{counted(wrong + (refer.errors_kept or 0), 'error')}."
    )


def trust(level: VerdictLevel, reasons: Sequence[VerdictReason]) -> str:
    """Say whether to trust the score, and the main reason."""
    main = next((reason.text for reason in reasons if reason.level == level), "nothing is known of it")
    return f"{_LEAD[level]}: {main}."
