"""``audit.json``: what may make the scores too good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field

from leukokit.record.base import Cell, Count, Flag, Format, Number, OrAbsent, Record, Text, described
from leukokit.record.scores import Measured

Level: TypeAlias = Literal["ok", "warn", "fail", "skipped"]


CELLS_PROBE = "segmentation"
"""Probe that counts and measures the segmented cells. A model may do so, too: it is no rival of the model."""


class AuditSplit(Record):
    """How the audited images are divided."""

    name: Text | None = described("Name of the split.")
    parts: Mapping[str, Count | None] = Field({}, description="Number of images of each part.")


class AuditedModel(Record):
    """The model beside which probes are judged."""

    name: Text = Field(description="Classifier.")
    part: Text = Field(description="Part that it is scored on.")
    accuracy: Number | None = described("Share of images that are classified correctly, 0..1.")
    low: Number | None = described("Lower end of its 95 % interval.")
    high: Number | None = described("Upper end of its 95 % interval.")
    chance: Number | None = described("Share of the largest class: what the best constant answer reaches.")


class ImagePair(Record):
    """Two images that are more alike than two pictures of different cells."""

    a: Text = Field(description="Id of the first.")
    b: Text = Field(description="Id of the second.")
    label_a: Text | None = described("Class of the first.")
    label_b: Text | None = described("Class of the second.")
    part_a: Text | None = described("Part of the first.")
    part_b: Text | None = described("Part of the second.")
    kind: Text = Field("alike", description="`exact`, `near` or `overlap`.")
    transform: Text | None = described("Flip or turn of `a` that gives `b`; `identity` where none is needed.")
    inliers: Count | None = described("Matched points that agree on one motion.")
    overlap: Number | None = described("Share of the smaller view that both show, 0..1.")


class FindingTable(Record):
    """A small table that belongs to a finding."""

    columns: tuple[Text, ...] = Field((), description="Names of the columns.")
    rows: tuple[tuple[Cell, ...], ...] = Field((), description="Texts and numbers.")


class AuditFinding(Record):
    """What one check found."""

    check: Text = Field(description="Name of the check, such as `exact_duplicates`.")
    level: Level = Field(description="How serious it is.")
    title: Text = Field("", description="One short sentence.")
    text: Text = Field("", description="What it means and what to do.")
    value: Number | None = described("The number that the level was judged by.")
    unit: Text = Field("", description="`share`, `count`, `ratio` and others.")
    warn: Number | None = described("Value from which it warns; null for never.")
    fail: Number | None = described("Value from which it fails; null for never.")
    pairs: tuple[ImagePair, ...] = Field((), description="The first 200, most telling first.")
    pair_count: Count | None = described("All pairs.")
    images: tuple[Text, ...] = Field((), description="Ids of the first 200 images that show it.")
    table: FindingTable | None = described("Numbers behind it.")


class AuditProbe(Record):
    """What a classifier reaches that sees anything but cells."""

    name: Text = Field(
        description="`color`, `frame`, `corner`, `red_cells`, `glass`, `sharpness`, `file`, `segmentation` "
        "or `missing`."
    )
    what: Text = Field("", description="The numbers that it was given.")
    columns: Count | None = described("How many numbers.")
    accuracy: Number | None = described("On the test part, 0..1; null where there was nothing to learn from.")
    low: Number | None = described("Lower end of its 95 % interval.")
    high: Number | None = described("Upper end of its 95 % interval.")
    chance: Number | None = described("Share of the largest class in the test part.")
    share_of_gain: Number | None = described("Its gain over chance as a share of the model's.")
    share_low: OrAbsent[Number] = described(
        "Lower end of the 95 % interval of `share_of_gain`, over groups; absent where it can be anything."
    )
    share_high: OrAbsent[Number] = described("Upper end of it.")
    model_accuracy: Number | None = described("Accuracy of the model.")
    where_wrong: OrAbsent[Measured] = described(
        "Accuracy of the model on the test images that this probe gets wrong."
    )
    level: Level = Field(description="How serious it is.")


class AuditNeeded(Record):
    """How large a test would tell the model from the strongest probe."""

    probe: Text = Field(description="The strongest probe.")
    difference: Number | None = described("Accuracy of the model less that of the probe, -1..1.")
    low: Number | None = described("Lower end of its 95 % interval, over groups.")
    high: Number | None = described("Upper end of it.")
    design_effect: Number | None = described(
        "Variance of the difference over that of as many independent images, 1 or more."
    )
    units: Count | None = described("Groups of this test; images where no image has a group.")
    unit: Text = Field("group", description="`patient`, `slide`, `view`, `group` or `image`.")
    per_class: Count | None = described(
        "Units of each class from which such a difference is shown in 80 of 100 tests; null where the model "
        "is not better than the probe."
    )


class AuditRecord(Record):
    """What an audit found; it depends on images, recipe and library versions alone."""

    format: Format | None = described("Form of this file: 1.")
    level: Level = Field(description="The most serious level of all findings and probes.")
    images: Count | None = described("Images of the data set, readable or not.")
    synthetic: Flag | None = described("Whether the images are rendered.")
    split: AuditSplit | None = described("How the images are divided; null where they cannot be.")
    model: AuditedModel | None = described("Null where no model is known.")
    findings: tuple[AuditFinding, ...] = Field((), description="Most serious first.")
    probes: tuple[AuditProbe, ...] = Field((), description="One a probe that was fitted.")
    shortcut_free: OrAbsent[Measured] = described(
        "Accuracy of the model on the test images that every probe gets wrong: the harder ones, too."
    )
    needed: OrAbsent[AuditNeeded] = described("Patients needed to tell the model from the strongest probe.")
    settings: Mapping[str, Any] = Field({}, description="The recipe's `audit` section.")
    notice: Text | None = described("Research use only.")
