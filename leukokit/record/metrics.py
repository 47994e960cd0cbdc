"""``metrics.json``: scores of validation and test, and what else a run measured."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from leukokit.record.base import Count, Flag, Number, OrAbsent, Record, Text, described
from leukokit.record.groups import GroupScores, SubgroupScores
from leukokit.record.scores import PartScores, ProtocolScores

PARTS = ("test", "validation")
"""The first that a run scored is the one its headline is about."""


class Drop(Record):
    """How much lower each score is than under the first protocol."""

    accuracy: OrAbsent[Number] = described("Of `accuracy`.")
    macro_f1: OrAbsent[Number] = described("Of `macro_f1`.")
    auc_ovo: OrAbsent[Number] = described("Of `auc_ovo`.")
    auc_ovr: OrAbsent[Number] = described("Of `auc_ovr`.")


class Protocol(Record):
    """Scores under one way to divide the images."""

    name: Text = Field(description="As in the recipe.")
    description: Text = Field("", description="How it divides the images, in words.")
    folds: Count | None = described("Number of folds.")
    n_train: Count | None = described("Images that a fold's model learns from, mean over folds.")
    test: ProtocolScores | None = described("Scores of the test part; null where there are none.")
    drop: Drop | None = described("Null for the first protocol.")
    by_group: OrAbsent[ProtocolScores] = described(
        "Scores of the answers for groups; `n` counts groups. Where the recipe has `answer`."
    )
    left_out: OrAbsent[SubgroupScores] = described(
        "By value that was left out, where it leaves each out once."
    )
    error: Text | None = described("Why it could not be evaluated, or null.")


class ScaleSummary(Record):
    """Scale of all images; `scale.csv` has it image by image."""

    how: Text = Field(description="How it was found, in words.")
    images: Count | None = described("Images that could be used.")
    red_cell_px: Number | None = described("Median diameter of a red cell where the scale is known, px.")
    um_per_px: Number | None = described("Median width of a pixel where the scale is known, um.")
    spread: Number | None = described("Robust standard deviation of the logarithm of the diameter.")
    known: Number | None = described("Share of images of known scale, 0..1.")
    guessed: Number | None = described("Share of images whose scale is guessed from nuclei, 0..1.")
    unknown: Number | None = described("Share of images of unknown scale, 0..1.")


class RegionHeat(Record):
    """Heat of an explainer in one region of the cells, over all explained images."""

    ratio: Number | None = described(
        "Share of heat over share of area; 1: as much as the area alone would get."
    )
    ratio_low: Number | None = described("Lower end of its 95 % interval.")
    ratio_high: Number | None = described("Upper end of its 95 % interval.")
    heat_share: Number | None = described("Share of heat, 0..1.")
    area_share: Number | None = described("Share of area, 0..1.")
    pointing_rate: Number | None = described("Share of images whose hottest pixel lies there, 0..1.")
    pointing_chance: Number | None = described("The same for a pixel at random.")
    images: Count | None = described("Images that were explained.")
    images_with_region: Count | None = described("Images that show the region.")


class Metrics(Record):
    """Scores of a run; a part that the run did not score is absent."""

    validation: OrAbsent[PartScores] = described("Scores of the validation part, all folds together.")
    test: OrAbsent[PartScores] = described("Scores of the test part, all folds together.")
    by_group: OrAbsent[GroupScores] = described(
        "Scores of the answers for patients or slides, where the recipe has `answer`."
    )
    subgroups: OrAbsent[Mapping[str, SubgroupScores]] = described(
        "By trait of the images, such as `device`: those that `subgroups` of the recipe or its split names."
    )
    leaks: OrAbsent[tuple[Text, ...]] = described(
        "What models know that they should not; empty where nothing."
    )
    protocols: OrAbsent[tuple[Protocol, ...]] = described("Where the recipe has `evaluate`: one a protocol.")
    scale: OrAbsent[ScaleSummary] = described("Where a step uses the scale, or the recipe names it.")
    segmentation: OrAbsent[Mapping[str, Mapping[str, Number | None]]] = described(
        "Agreement with expert masks by role: `dice_mean`, `iou_median`, `objects_found`, `f1` and more."
    )
    segmentation_by_class: OrAbsent[Mapping[str, Mapping[str, Mapping[str, Number | None]]]] = described(
        "The same for the images of each class."
    )
    alignment: OrAbsent[Mapping[str, Mapping[str, RegionHeat]]] = described("By explainer and region.")
    synthetic: OrAbsent[Flag] = described("Whether the images are rendered.")
    notice: OrAbsent[Text] = described("Research use only.")

    @property
    def headline_part(self) -> str | None:
        """Name of the part whose scores count; None where nothing was scored."""
        return next((name for name in PARTS if self.part(name) is not None), None)

    def part(self, name: str) -> PartScores | None:
        """Scores of ``test`` or ``validation``; None where the run did not score it."""
        return {"test": self.test, "validation": self.validation}.get(name)
