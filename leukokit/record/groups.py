"""Scores by group of images (patient, slide), and by trait of the images (device, stain, site)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from leukokit.record.base import Count, Number, OrAbsent, Record, Text, described
from leukokit.record.scores import Interval, PartScores, ProtocolScores


class LearnedAttention(Record):
    """How attention was trained in one fold."""

    groups: Count = Field(description="Groups of the training part that it learned on.")
    epochs: Count = Field(description="Epochs after which its weights were taken.")


class ChosenWay(Record):
    """How the images of a group become its answer, in one fold."""

    way: Text = Field(description="`mean`, `vote`, `top_k`, `noisy_or` or `attention`.")
    tried: Mapping[str, Number] = Field(
        {}, description="Score of each way that was tried, on the groups of the validation part."
    )
    attention: OrAbsent[LearnedAttention] = described("Where `attention` was among the ways.")


class GroupScores(Record):
    """Scores of the answers for groups. Every count is of groups: read `images` as groups."""

    kind: Text | None = described("What a group is: `patient`, `slide` or `view`; null where nobody said.")
    chosen_by: Text | None = described(
        "Score that chose the way: `log_loss` or `macro_f1`; null where there was nothing to choose."
    )
    ways: Mapping[str, ChosenWay] = Field({}, description="By fold.")
    validation: OrAbsent[PartScores] = described("Scores of the validation part, all folds together.")
    test: OrAbsent[PartScores] = described("Scores of the test part, all folds together.")
    notes: tuple[Text, ...] = Field((), description="What a reader should know.")

    @property
    def unit(self) -> str:
        """What is counted, in words: patient, slide or group."""
        return self.kind if self.kind in ("patient", "slide") else "group"

    def part(self, name: str) -> PartScores | None:
        """Scores of ``test`` or ``validation``; None where there are none."""
        return {"test": self.test, "validation": self.validation}.get(name)


class AccuracyGap(Interval):
    """The largest difference of accuracy between two values, with its 95 % interval."""

    value: Number | None = described("Accuracy for `best` less that for `worst`, 0..1.")
    best: Text | None = described("The value with the highest accuracy.")
    worst: Text | None = described("The value with the lowest accuracy.")


class SubgroupScores(Record):
    """Scores of the tested images for each value of a trait."""

    part: Text | None = described("`test`, or `validation` where there is no test part.")
    values: Mapping[str, ProtocolScores] = Field({}, description="By value.")
    unknown: Count | None = described("Images of the part whose value is not known; in no score.")
    spread: Number | None = described(
        "Standard deviation of the accuracy over the values; null for fewer than two."
    )
    gap: AccuracyGap | None = described("Null for fewer than two values.")
