"""The sections ``calibrate:``, ``operating_point:`` and ``refer:``, which concern probabilities."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from leukokit.recipe.base import RecipeBase

Calibrate: TypeAlias = Literal["temperature", "isotonic"]
"""How probabilities are corrected; fitted on the validation part."""


class OperatingPointSpec(RecipeBase):
    """The threshold between ill and healthy."""

    negative: Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="Classes that count as healthy; all others together are positive. null: those named "
        "benign, normal, healthy, negative, control or hem, in any case; none of these, no operating point.",
    )
    sensitivity: float = Field(
        0.95,
        gt=0,
        le=1,
        description="Share of the positives that the threshold must find in the validation part. Without one "
        "the threshold is 0.5.",
    )


class Refer(RecipeBase):
    """Images that the model is not sure of are left to an expert."""

    error: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="Share of errors allowed among the images kept; the threshold on the highest probability "
        "that leaves so few in the validation part is taken.",
    )
