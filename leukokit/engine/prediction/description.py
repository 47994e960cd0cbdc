"""A fitted pipeline in a few lines, for notebooks and terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from leukokit.engine.io.facts import Facts
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral


class Described(Protocol):
    """What is said of a predictor."""

    @property
    def name(self) -> str:
        """Of the recipe."""

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the probability columns."""

    @property
    def members(self) -> Sequence[Any]:
        """Fitted pipelines."""

    @property
    def tested(self) -> bool:
        """Whether it was tested."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know."""

    @property
    def operating_point(self) -> FittedOperatingPoint | None:
        """Threshold between ill and healthy."""

    @property
    def refer(self) -> FittedReferral | None:
        """Threshold of referral."""


def described(predictor: Described) -> Facts:
    """Say what it knows, how it works and what it decides."""
    first, count = predictor.members[0], len(predictor.members)
    steps = [
        *first.images.preprocess,
        *([] if first.images.segment is None else [first.images.segment]),
        *first.images.features,
        *first.select,
        first.classify,
    ]
    facts = [
        ("classes", ", ".join(predictor.classes)),
        ("steps", " > ".join(bound.use for bound in steps)),
        (
            "probabilities",
            "as they are" if first.calibration is None else f"calibrated: {first.calibration.method}",
        ),
        ("decides", ", ".join(_decisions(predictor))),
        ("tested", "yes, on images held out of its fit" if predictor.tested else "no, on no image"),
    ]
    if count > 1:
        facts.insert(1, ("models", f"mean of {count}, one a fold"))
    facts += [("note", note) for note in predictor.notes]
    facts.append(("use", "predict(paths, folder, pattern or arrays) gives a table"))
    return Facts(f"fitted pipeline {predictor.name!r}", tuple(facts))


def _decisions(predictor: Described) -> list[str]:
    decisions = ["class"]
    if predictor.operating_point is not None:
        decisions.append("ill or healthy")
    if predictor.refer is not None:
        decisions.append("left to an expert")
    if all(member.unlike is not None for member in predictor.members):
        decisions.append("unlike the training data")
    return decisions
