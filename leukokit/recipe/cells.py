"""The section ``cells:``: a table of all cells, one row a cell, and files of their outlines."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from leukokit.recipe.base import RecipeBase


class CellsSetting(RecipeBase):
    """What a run writes of every cell."""

    table: bool = Field(
        True, description="cells.parquet: place, size, shape, color and texture, one row a cell."
    )
    labels: bool = Field(
        False, description="labels/: the label images, one file an image and role; 0 is background."
    )
    geojson: bool = Field(
        False, description="geojson/: outlines and measurements of the cells, one file an image, for QuPath."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.table or self.labels or self.geojson):
            raise ValueError("writes nothing; set table, labels or geojson to true, or leave out 'cells'")
        return self


def _from_word(value: Any) -> Any:
    if value is False:
        return None
    return {} if value is True else value


CellsSpec: TypeAlias = Annotated[
    CellsSetting | None,
    BeforeValidator(_from_word, json_schema_input_type=bool | CellsSetting | None),
]
"""The section; ``true`` is the table alone."""
