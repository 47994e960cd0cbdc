"""What stands beside heat maps and pictures: ``heat.json``, and ``index.json`` of each folder of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, RootModel

from leukokit.record.base import Count, Format, Number, Record, Text, described
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


class ExplainedPictures(PictureIndex):
    """File in ``pictures/explained/`` by the id of its image: preprocessed pictures below heat maps."""


class LabelArray(Record):
    """One label image of a picture."""

    role: Text = Field(description="What its objects are, such as `nucleus`.")
    array: Text = Field(description="Name of the array in `labels.npz`, height x width, 0 for background.")


class PictureScale(Record):
    """How large a picture shows blood."""

    red_cell_px: Number | None = Field(description="Diameter of a red cell in px; null where unknown.")
    confidence: Number = Field(description="0 to 1.")
    source: Text = Field(description="Where the diameter comes from, as in `scale.csv`.")


class SegmentedPicture(Record):
    """One picture of `figures/segmentation.png`."""

    id: Text = Field(description="Id of the image.")
    reason: Text = Field(description="Why it is shown, such as `lowest Dice`.")
    detail: Text = Field("", description="The numbers behind the reason.")
    file: Text = Field(description="The preprocessed image, beside this file; not larger than it is drawn.")
    height: Count = Field(description="Height of the preprocessed image and of its label images, px.")
    width: Count = Field(description="Their width, px.")
    status: Text = Field(description="How the segmentation ended.")
    labels: tuple[LabelArray, ...] = Field((), description="What the segmenter found.")
    truth: tuple[LabelArray, ...] | None = described("Outlines of experts; null where there are none.")
    scale: PictureScale | None = described("Scale of the preprocessed image.")


class SegmentedPictures(Record):
    """Pictures and label images that `figures/segmentation.png` is drawn from; `labels.npz` is beside it."""

    format: Format | None = described("Form of this file: 1.")
    pictures: tuple[SegmentedPicture, ...] = Field((), description="In the order of the figure.")
    rows: tuple[Count, ...] | None = described("Pictures in each row of the figure; null for rows of four.")
