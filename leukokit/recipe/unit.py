"""``unit``: what a sample is, an image or a cell of an image."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from leukokit.recipe.base import RecipeBase

Unit: TypeAlias = Literal["image", "cell"]
_Name: TypeAlias = Annotated[str, Field(min_length=1)]


class UnitSetting(RecipeBase):
    """What a sample is; the other settings are for cells."""

    of: Unit = Field("image", description="image, or cell: each cell of an image, cut out of it.")
    by: Literal["auto", "boxes", "masks"] = Field(
        "auto",
        description="What says where the cells are: the data set's boxes or masks. auto: its boxes, or its "
        "masks where it has no boxes.",
    )
    margin: float = Field(
        0.1,
        ge=0,
        le=2,
        description="Share of a box's width and height that the crop shows on each side of it.",
    )
    classes: list[_Name] = Field(
        [], description="Classes to keep, by their new names; other cells are left out. Empty: all."
    )
    labels: dict[_Name, _Name] = Field(
        {}, description="New names of the data set's classes, such as {RBC: red cell}; others keep theirs."
    )

    @model_validator(mode="after")
    def _of_cells(self) -> Self:
        if self.of == "image":
            for name in ("by", "margin", "classes", "labels"):
                if getattr(self, name) != type(self).model_fields[name].get_default():
                    raise ValueError(f"{name} is a setting of cells; write of: cell, or leave {name} out")
        return self

    @property
    def default(self) -> bool:
        """True where a sample is an image."""
        return self.of == "image"

    def __str__(self) -> str:
        """Say it in words."""
        if self.default:
            return "image"
        where = {"auto": "boxes or masks", "boxes": "boxes", "masks": "masks"}[self.by]
        kept = f", only {', '.join(self.classes)}" if self.classes else ""
        return f"cell, from {where}, with a margin of {self.margin:.0%}{kept}"


def _from_word(value: object) -> object:
    return {"of": value} if isinstance(value, str) else value


UnitSpec: TypeAlias = Annotated[
    UnitSetting, BeforeValidator(_from_word, json_schema_input_type=Unit | UnitSetting)
]
"""The section; a plain word is what a sample is."""
