"""``verdict.json``: what a run answers, whether to trust the answer, and what to do next."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from leukokit.record.base import Format, OrAbsent, Record, Text, described

VerdictLevel: TypeAlias = Literal["trust", "doubt", "cannot tell", "do not trust"]


class VerdictReason(Record):
    """What one rule of the verdict says about a run."""

    code: Text = Field(
        description="Name of the reason, such as `too_few_images`; docs/verdict.md lists them."
    )
    level: VerdictLevel = Field(description="Best level that the verdict can have with this reason.")
    text: Text = Field(description="The reason in words, with its numbers.")
    next: Text = Field("", description="What to do about it; empty where nothing is to be done.")
    check: OrAbsent[Text] = described("Check of the audit that found it; absent for other reasons.")


class VerdictRecord(Record):
    """The answer of a run and how far to trust it, in plain sentences."""

    format: Format | None = described("Form of this file: 1.")
    level: VerdictLevel = Field(description="Level of the most serious reason.")
    question: Text = Field(description="What was asked.")
    answer: Text = Field(description="The score with its 95 % interval, beside the best constant answer.")
    confusion: Text = Field("", description="The worst confusion; empty where nothing was classified.")
    trust: Text = Field(description="Whether to trust the answer, and the main reason.")
    notes: tuple[Text, ...] = Field((), description="What else to know, such as whether referral is of use.")
    next: tuple[Text, ...] = Field((), description="What to do next, most useful first.")
    report: Text = Field("report.html", description="The report, in the run directory.")
    reasons: tuple[VerdictReason, ...] = Field((), description="Most serious first; then what speaks for it.")
    notice: Text | None = described("Research use only.")
