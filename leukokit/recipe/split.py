"""The ``split:`` section: how samples are divided into training, validation and test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from leukokit.recipe.base import RecipeBase

MAX_FOLDS = 10_000
"""More folds than that are a mistake: each costs a fit, and memory for its parts."""

PartName: TypeAlias = Literal["train", "validation", "test"]


# Once the short form of a split has been looked for, strict validation no longer takes a list for a tuple.
_PartOrder: TypeAlias = Annotated[
    tuple[PartName, PartName, PartName],
    BeforeValidator(
        lambda value: tuple(value) if isinstance(value, list) else value,
        json_schema_input_type=tuple[PartName, PartName, PartName],
    ),
]


class Balance(RecipeBase):
    """The same number of samples of every class, drawn with the recipe's seed."""

    to: Literal["smallest"] | Annotated[int, Field(ge=1, le=10**9)] = Field(
        "smallest",
        description="Samples to keep of each class: as many as the smallest class has, or a number.",
    )
    when: Literal["training", "before_split"] = Field(
        "training",
        description="Balance the training part alone, or all samples before the split, as the paper did.",
    )


class _Split(RecipeBase):
    balance: Balance | None = Field(None, description="Cut every class to the same number of samples.")


class _Fractions(_Split):
    test: float = Field(0.2, gt=0, lt=1, description="Share of each class for the test part.")
    validation: float = Field(0.2, ge=0, lt=1, description="Share for the validation part; 0 for none.")

    @model_validator(mode="after")
    def _leave_some_for_training(self) -> Self:
        if self.test + self.validation >= 1 - 1e-9:
            raise ValueError(
                f"test {self.test:g} and validation {self.validation:g} leave nothing to train on; "
                "together they must be below 1"
            )
        return self


class Holdout(_Fractions):
    """One random division."""

    method: Literal["holdout"]
    stratify: bool = Field(True, description="Give every part the same mix of classes.")
    group: bool = Field(
        True, description="Keep the samples of one group (patient, overlapping views) together."
    )


class Blocks(_Fractions):
    """Contiguous blocks of the file order of each class, as neighbors are often of one slide."""

    method: Literal["blocks"]
    order: _PartOrder = Field(
        ("train", "validation", "test"),
        description="Which part comes first, second and last in the file order.",
    )
    group: bool = Field(
        True,
        description="Leave out of training (or validation) what shares a group with the part across a cut.",
    )

    @model_validator(mode="after")
    def _every_part_once(self) -> Self:
        if len(set(self.order)) != 3:
            raise ValueError(
                f"order names each of train, validation and test once, got {', '.join(self.order)}"
            )
        return self


class KFold(_Split):
    """Every sample is tested once, by a model that has not seen it.

    Where blocks cut a group apart, training leaves out the samples that share a group with the test block.
    """

    method: Literal["kfold"]
    folds: int = Field(5, ge=2, le=MAX_FOLDS, description="Number of folds.")
    by: Literal["random", "group", "blocks"] = Field(
        "group",
        description="Draw samples, draw whole groups, or cut each class into blocks of the file order.",
    )
    stratify: bool = Field(True, description="Give every fold the same mix of classes; blocks always do.")
    validation: float = Field(
        0.0, ge=0, lt=1, description="Share of all samples that each fold takes from training for validation."
    )
    repeats: int = Field(
        1,
        ge=1,
        le=100,
        description="Times that the folds are drawn anew; every sample is tested once in each.",
    )

    @model_validator(mode="after")
    def _blocks_do_not_change(self) -> Self:
        if self.repeats > 1 and self.by == "blocks":
            raise ValueError("blocks are the same every time: repeats needs by: random or by: group")
        return self

    @model_validator(mode="after")
    def _leave_some_for_training(self) -> Self:
        if self.validation + 1 / self.folds >= 1 - 1e-9:
            raise ValueError(
                f"a test part of 1/{self.folds} and validation {self.validation:g} leave nothing to train on"
            )
        return self


class LeaveOneOut(_Split):
    """Each site (or device, stain, group) is tested once, by a model that has seen none of its images."""

    method: Literal["leave_one_out"]
    by: str = Field(
        min_length=1,
        description="Trait of the images, such as a column of a table (site, device), or group: a fold for "
        "each of its values. Images without a value are left out.",
    )
    validation: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Share of the images outside the tested site for the validation part; groups are kept "
        "whole. 0 for none.",
    )
    stratify: bool = Field(True, description="Give training and validation the same mix of classes.")


class Named(_Split):
    """A split that comes with the data set."""

    method: Literal["named"]
    name: str = Field(description="Name of the split, such as paper_602020.")


class FromFile(_Split):
    """A split fixed in a CSV file."""

    method: Literal["file"]
    path: Path = Field(
        description="CSV with the columns 'id' (or 'path') and 'part': train, validation or test. "
        "Samples that it does not name are left out. A run's split.csv is such a file."
    )


_AnySplit: TypeAlias = Annotated[
    Holdout | Blocks | KFold | LeaveOneOut | Named | FromFile, Field(discriminator="method")
]


def _from_name(value: object) -> object:
    return {"method": "named", "name": value} if isinstance(value, str) else value


SplitSpec: TypeAlias = Annotated[
    _AnySplit, BeforeValidator(_from_name, json_schema_input_type=str | _AnySplit)
]
"""The ``split:`` section; a plain string is the name of a split of the data set."""
