"""The images that carried the answers of patients or slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.io.attended import AttendedGroup, attended_groups
from leukokit.report.html.pictures import Pictures


@dataclass(frozen=True, slots=True)
class AttendedImage:
    """One image with its share of the attention, 0..1."""

    id: str
    attention: float
    address: Markup | None


@dataclass(frozen=True, slots=True)
class AttentionCard:
    """One group and the images that its answer rests on."""

    group: AttendedGroup
    images: Sequence[AttendedImage]


def attention_of(run: FinishedRun, pictures: Pictures) -> Sequence[AttentionCard]:
    """Show them; empty where attention answered for no group of the headline's part."""
    part, answers, attention = run.metrics.headline_part, run.group_predictions, run.attention
    if part is None or answers is None or attention is None:
        return ()
    return [
        AttentionCard(
            group, [AttendedImage(name, weight, pictures.address(name)) for name, weight in group.images]
        )
        for group in attended_groups(answers, attention, part)
    ]
