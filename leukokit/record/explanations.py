"""``heat.json`` and ``pictures/index.json``: what stands beside heat maps and small pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, RootModel

from leukokit.record.base import Count, Record, Text
from leukokit.record.json_text import json_bytes


class HeatFacts(Record):
    """What the heat maps of one explainer are of."""

    levels: Count = Field(description="Value of heat 1 in `heat.npz`: 255.")
    note: Text = Field(description="What a reader of the maps should know, such as the layer.")
    part: Text = Field(description="Part that the explained images belong to.")


class PictureIndex(RootModel[Mapping[str, Text]]):
    """File in ``pictures/`` by the id of its image, as the tables of the run write the id."""

    def plain(self) -> dict[str, Any]:
        """Give a plain dict."""
        return dict(self.root)

    def to_bytes(self) -> bytes:
        """Give the content of the file."""
        return json_bytes(self.plain())
