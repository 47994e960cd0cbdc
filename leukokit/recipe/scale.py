"""``data.scale``: the scale of the images (px a red cell, um a pixel), or how it is measured."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from leukokit.api import PIXEL_SIZE_UM
from leukokit.recipe.base import RecipeBase

By: TypeAlias = Literal["auto", "image", "group", "dataset"]


class ScaleSetting(RecipeBase):
    """How many px a red cell measures, or how wide a pixel is. Give one of the three."""

    by: By | None = Field(
        None,
        description="Measure it on the red cells: one scale an image, a group (slide) or the data set. "
        "auto: what the data set's table says of the image's pixels, else measured on the image.",
    )
    pixel_size_um: (
        Annotated[float, Field(ge=PIXEL_SIZE_UM[0], le=PIXEL_SIZE_UM[1])] | Literal["file", "table"] | None
    ) = Field(
        None,
        description="Width of a pixel, in um; file: each file's TIFF or OME tags say it; table: the data "
        "set's table says it of each image. An image of which nothing is said is measured.",
    )
    red_cell_px: float | None = Field(
        None, ge=2, le=2000, description="Diameter of a red cell (7.5 um), in px of the files."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) == 1:
            return self
        names = " and ".join(given) if given else "none of them"
        raise ValueError(f"give one of by, pixel_size_um and red_cell_px, got {names}")

    @property
    def default(self) -> bool:
        """True where the recipe leaves it to leukokit."""
        return self.by == "auto"

    def __str__(self) -> str:
        """Say it in words."""
        if self.red_cell_px is not None:
            return f"red cells measure {self.red_cell_px:g} px"
        if isinstance(self.pixel_size_um, float):
            return f"{self.pixel_size_um:g} um a pixel"
        if self.pixel_size_um is not None:
            return f"a pixel's width from the {self.pixel_size_um}"
        pooled = {"group": "each group", "dataset": "the data set"}.get(self.by or "", "each image")
        return f"red cells of {pooled}"


def _from_word(value: object) -> object:
    return {"by": value} if isinstance(value, str) else value


ScaleSpec: TypeAlias = Annotated[
    ScaleSetting, BeforeValidator(_from_word, json_schema_input_type=By | ScaleSetting)
]
"""The section; a plain word is what to measure by."""
