"""Whether the score says anything of new patients."""

from __future__ import annotations

from collections.abc import Iterator

from leukokit.evaluation.intervals import FEW_GROUPS
from leukokit.number_text import counted
from leukokit.record.verdict import VerdictReason
from leukokit.verdict.evidence import Evidence, Separation, accuracy_of
from leukokit.verdict.levels import CANNOT_TELL, DO_NOT_TRUST, DOUBT, TRUST

FEWEST = 10
"""Patients in the test part below which nothing is said of new ones."""

FEWEST_OF_CLASS = 3
"""Patients of a class in the test part below which the class cannot be told from its patients."""

_NAME_THEM = (
    "Name the patient of each image: 'data.groups', a CSV with the columns id and group, and "
    "'data.groups_are: patient'."
)
_KEEP_APART = "Keep patients together: 'split: {method: kfold, folds: 5, by: group}'."


def patients(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the tested patients are others than those of training, and enough of them."""
    accuracy, kept = accuracy_of(evidence), evidence.separation
    if accuracy is None:
        return
    if kept.kind not in ("patient", "slide") or 2 * kept.ungrouped > accuracy.n:
        yield _unknown(kept)
        return
    if kept.shared:
        yield VerdictReason(
            code="patients_shared",
            level=DO_NOT_TRUST,
            text=f"{kept.shared:,} of {counted(kept.groups, f'tested {kept.kind}')} are also in another "
            "part, which the model may have learned from",
            next=_KEEP_APART,
        )
        return
    yield from _few(kept)
    if kept.ungrouped:
        yield VerdictReason(
            code="patients_partly_known",
            level=DOUBT,
            text=f"the {kept.kind} of {counted(kept.ungrouped, 'test image')} is not known",
            next=_NAME_THEM,
        )
    if kept.kind == "slide":
        yield VerdictReason(
            code="slides_apart",
            level=DOUBT,
            text="slides are kept apart, but two slides of one patient may be in training and test",
            next=_NAME_THEM,
        )
    else:
        yield VerdictReason(
            code="patients_apart",
            level=TRUST,
            text=f"the {counted(kept.groups, 'tested patient')} are others than those of training",
        )


def _unknown(kept: Separation) -> VerdictReason:
    if kept.blocks:
        return VerdictReason(
            code="blocks_apart",
            level=DOUBT,
            text="no patients are known; blocks of the file order were kept apart, which parts most slides "
            "and proves nothing about patients",
            next=_NAME_THEM,
        )
    if kept.kind is None and kept.groups:
        return VerdictReason(
            code="groups_unnamed",
            level=CANNOT_TELL,
            text="images have groups, but nothing says whether a group is a patient",
            next="Say what a group is: 'data.groups_are: patient' (or slide, or view).",
        )
    return VerdictReason(
        code="patients_unknown",
        level=CANNOT_TELL,
        text="no patients are known, so the model may have learned from the patients and slides that it is "
        "tested on",
        next=f"{_NAME_THEM} Without patients, 'evaluate: [random, blocked]' tells how much neighbors help.",
    )


def _few(kept: Separation) -> Iterator[VerdictReason]:
    if kept.groups < FEWEST:
        yield VerdictReason(
            code="too_few_patients",
            level=CANNOT_TELL,
            text=f"{counted(kept.groups, kept.kind or 'group')} in the test part are too few to say anything "
            "of others",
            next=f"Test on at least {FEWEST} {kept.kind}s, better {FEW_GROUPS}; folds test all of them.",
        )
    elif kept.groups < FEW_GROUPS:
        yield VerdictReason(
            code="few_patients",
            level=DOUBT,
            text=f"{counted(kept.groups, kept.kind or 'group')} in the test part are few",
            next=f"Test on {FEW_GROUPS} {kept.kind}s or more; folds test all of them.",
        )
    for name, count in kept.by_class.items():
        if count < FEWEST_OF_CLASS:
            yield VerdictReason(
                code="class_of_few_patients",
                level=CANNOT_TELL,
                text=f"all test images of {name} are of {counted(count, kept.kind or 'group')}: the model "
                "may know the patient and not the disease",
                next=f"Add {kept.kind}s of {name}, or use folds, which test all of them.",
            )
