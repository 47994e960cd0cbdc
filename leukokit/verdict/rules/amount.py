"""Whether enough images were tested to say anything."""

from __future__ import annotations

from collections.abc import Iterator

from leukokit.evaluation.intervals import LEVEL
from leukokit.number_text import counted, joined, percent, percent_range
from leukokit.record.scores import Interval
from leukokit.record.verdict import VerdictReason
from leukokit.verdict.evidence import Evidence, accuracy_of, answered_accuracy
from leukokit.verdict.levels import CANNOT_TELL, DOUBT, TRUST
from leukokit.verdict.sample_size import USEFUL_WIDTH, needed_groups, needed_images

USEFUL_CLASS_WIDTH = 0.40
"""Widest 95 % interval of the recall of a class that is of use."""

_MOST_TOLD = 3
_FOLDS = "'split: {method: kfold, folds: 5}' tests every image once"


def tested(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask for a score on images that neither fit nor choice of the model has seen."""
    if accuracy_of(evidence) is None:
        without = "the recipe has no classifier" if evidence.classifier is None else "no part was held out"
        what = (
            "Add 'classify' to the recipe." if evidence.classifier is None else f"Give it a split: {_FOLDS}."
        )
        yield VerdictReason(
            code="nothing_scored", level=CANNOT_TELL, text=f"there is no score: {without}", next=what
        )
    elif evidence.part != "test":
        yield VerdictReason(
            code="no_test_part",
            level=CANNOT_TELL,
            text="the score is of the validation part, which settings may have been chosen on",
            next=f"Give the split a test part: {_FOLDS}.",
        )
    else:
        yield VerdictReason(
            code="tested", level=TRUST, text="the score is of images that the model has not learned from"
        )


def enough_images(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask for an interval that is narrow enough to be of use."""
    accuracy = answered_accuracy(evidence)
    if accuracy is None:
        return
    if accuracy.unknown:
        known = evidence.separation.kind in ("patient", "slide")
        kind = evidence.separation.kind if known else "group"
        yield VerdictReason(
            code="no_interval",
            level=CANNOT_TELL,
            text=f"the accuracy has no range: {accuracy.unknown}",
            next=f"Add {kind}s of these classes, or use folds ({_FOLDS}).",
        )
        return
    if accuracy.width is None:
        yield VerdictReason(
            code="no_interval",
            level=CANNOT_TELL,
            text="the score has no interval",
            next="Run the recipe again with this version of leukokit.",
        )
        return
    shown = percent_range(accuracy.low, accuracy.high)
    if accuracy.width > USEFUL_WIDTH:
        yield VerdictReason(
            code="too_few_images",
            level=CANNOT_TELL,
            text=f"with {_tested(evidence, accuracy.n)} the true accuracy can be anything from {shown}",
            next=f"Test on at least {_needed(evidence, accuracy.value, accuracy.width)}: {_how(evidence)}.",
        )
        return
    yield VerdictReason(
        code="enough_images",
        level=TRUST,
        text=f"{counted(accuracy.n, f'test {evidence.unit}')} give a {percent(LEVEL, 0)} range of {shown}",
    )


def _how(evidence: Evidence) -> str:
    """Say how more images can be tested; folds are of use only where some image is not tested yet."""
    all_tested = evidence.scores is not None and evidence.scores.n >= evidence.images - evidence.rejected
    add = f"add {evidence.unit}s"
    return add if all_tested else f"{add}, or use folds ({_FOLDS})"


def _groups(evidence: Evidence) -> int | None:
    """Count the groups that the interval is made over; None where every image is its own group."""
    scores = evidence.answered
    groups = None if scores is None or scores.intervals is None else scores.intervals.groups
    return None if scores is None or groups is None or groups >= scores.n else groups


def _tested(evidence: Evidence, n: int) -> str:
    groups = _groups(evidence)
    images = counted(n, f"test {evidence.unit}")
    return images if groups is None else f"{images} of {counted(groups, 'group')}"


def _needed(evidence: Evidence, share: float, width: float) -> str:
    groups = _groups(evidence)
    if groups is None:
        return counted(needed_images(share), evidence.unit)
    kind = evidence.separation.kind
    return counted(needed_groups(groups, width), kind if kind in ("patient", "slide") else "group")


def enough_of_each_class(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask for enough test images of every class to say how often it is found."""
    scores, unit = evidence.answered, evidence.unit
    if scores is None or not scores.per_class:
        return
    untested = [name for name, one in scores.per_class.items() if not one.support]
    if untested:
        yield VerdictReason(
            code="class_not_tested",
            level=DOUBT,
            text=f"no test {unit} shows {joined(untested)}",
            next=f"Choose a split whose test part holds every class: {_FOLDS}.",
        )
    few = []
    for name, one in scores.per_class.items():
        recall = (None if one.intervals is None else one.intervals.recall) or Interval()
        low, high = recall.low or 0.0, 1.0 if recall.high is None else recall.high
        if one.support and high - low > USEFUL_CLASS_WIDTH:
            few.append((name, f"{name} {percent_range(low, high)} ({counted(one.support, unit)})"))
    if few:
        more = f" and {counted(len(few) - _MOST_TOLD, 'more class', 'more classes')}"
        shown = ", ".join(text for _, text in few[:_MOST_TOLD]) + (more if len(few) > _MOST_TOLD else "")
        yield VerdictReason(
            code="few_images_of_class",
            level=DOUBT,
            text=f"how often some classes are found is not sure: {shown}",
            next=f"Add test {unit}s of {joined([name for name, _ in few[:_MOST_TOLD]], 'and')}.",
        )
    if not untested and not few:
        yield VerdictReason(
            code="enough_of_each_class", level=TRUST, text=f"every class has enough test {unit}s"
        )
