"""The section ``answer:``: one answer for each patient (or slide), from the answers for its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator

from leukokit.deep.attention.params import AttentionParams
from leukokit.recipe.base import RecipeBase

CombineBy: TypeAlias = Literal["mean", "vote", "top_k", "noisy_or", "attention"]
"""How the images of a patient become the answer for the patient."""
ATTENTION: Final = "attention"

_Ways: TypeAlias = Annotated[list[CombineBy], Field(min_length=1)]


class Answer(RecipeBase):
    """One class and its probability for each group of images: a patient, or a slide."""

    by: Literal["group"] = Field(
        "group", description="What gets an answer: each group of `data.groups`, or of the data set."
    )
    how: CombineBy | _Ways = Field(
        "mean",
        description="How the calibrated probabilities of the images become one answer: mean; vote (share of "
        "images that were given the class); top_k (mean of the k images that show the class best); noisy_or "
        "(ill where any image is). attention: a network that learns on the training part's groups which "
        "images tell the class of a group, from the features that the classifier gets. Of several, the best "
        "is chosen on the validation part.",
    )
    k: int = Field(
        5, ge=1, le=10**6, description="Images of each class that top_k takes; all, where a group has fewer."
    )
    params: AttentionParams | None = Field(None, description="Parameters of attention; null: its defaults.")
    choose_by: Literal["log_loss", "macro_f1"] = Field(
        "log_loss",
        description="Score of the validation part's groups that chooses between several ways: the lowest "
        "log_loss or the highest macro_f1. Of equals the first one listed.",
    )

    @field_validator("how")
    @classmethod
    def _each_once(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, list) and len(set(value)) < len(value):
            twice = next(name for name in value if value.count(name) > 1)
            raise ValueError(f"{twice!r} is given twice; name each way once")
        return value

    @model_validator(mode="after")
    def _params_are_of_attention(self) -> Self:
        if self.params is not None and not self.learns:
            raise ValueError("params are those of attention: add attention to 'how', or leave 'params' out")
        return self

    @property
    def learns(self) -> bool:
        """Whether a network is trained on the groups of the training part."""
        return ATTENTION in self.ways

    @property
    def attention(self) -> AttentionParams:
        """Parameters of attention, with every default."""
        return self.params or AttentionParams()

    @property
    def ways(self) -> tuple[CombineBy, ...]:
        """What is tried, in order; one where nothing is to be chosen."""
        return tuple(self.how) if isinstance(self.how, list) else (self.how,)


def _from_name(value: object) -> object:
    """``answer: group`` stands for the defaults."""
    short: Mapping[str, Any] = {"by": value}
    return short if isinstance(value, str) else value


AnswerSpec: TypeAlias = Annotated[Answer, BeforeValidator(_from_name, json_schema_input_type=str | Answer)]
"""The ``answer:`` section; a plain string says what gets an answer."""
