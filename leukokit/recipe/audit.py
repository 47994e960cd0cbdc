"""The ``audit:`` section: whether a run audits its data, and from which values on a finding is serious."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from leukokit.recipe.base import RecipeBase


class Limits(RecipeBase):
    """From which value on a finding is a warning, and from which a failure; null: never."""

    warn: float | None = Field(None, ge=0, description="A warning from this value on; null: never.")
    fail: float | None = Field(None, ge=0, description="A failure from this value on; null: never.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn is not None and self.fail is not None and self.warn > self.fail:
            raise ValueError(f"warn ({self.warn:g}) lies above fail ({self.fail:g}); give the smaller first")
        return self


def _limits(warn: float | None, fail: float | None, description: str) -> Limits:
    limits: Limits = Field(Limits(warn=warn, fail=fail), description=description)
    return limits


class AuditSpec(RecipeBase):
    """What an audit looks at and how strict it is. `leukokit audit` shows the findings."""

    enabled: bool = Field(True, description="Whether a run audits its data and leaves `audit.json`.")
    lags: int = Field(
        3, ge=1, le=20, description="How far apart in file order images of a class are compared as neighbors."
    )
    probe_color: Limits = _limits(
        0.5,
        0.75,
        "Color (mean and spread of L, a, b) tells the classes; share of the possible gain over chance.",
    )
    probe_frame: Limits = _limits(0.5, 0.75, "The same six numbers of an outer frame of 8 px.")
    probe_corner: Limits = _limits(
        0.45,
        0.55,
        "Strokes in the most telling corner, such as a scale bar, tell the classes; share as above.",
    )
    probe_file: Limits = _limits(0.3, 0.5, "Bytes, width and height of the files tell the classes.")
    probe_red_cells: Limits = _limits(
        0.5, 0.75, "Color, spread and area of the red cells tell the classes; share as above."
    )
    probe_glass: Limits = _limits(
        0.5,
        0.75,
        "Color, spread and area of the background between the cells tell the classes; share as above.",
    )
    probe_sharpness: Limits = _limits(
        0.3, 0.5, "Width of edges, contrast and exposure tell the classes; share as above."
    )
    probe_segmentation: Limits = _limits(
        None,
        None,
        "Counts and areas of the segmented cells tell the classes; share as above. They may rightly.",
    )
    probe_missing: Limits = _limits(
        0.2, 0.5, "Which features are missing, and how the segmentation ended, tell the classes."
    )
    label_conflicts: Limits = _limits(1, 1, "Pairs of the same picture with two labels.")
    exact_duplicates: Limits = _limits(1, None, "Pairs of images with the same bytes or pixels.")
    near_duplicates: Limits = _limits(
        1, None, "Pairs of images that are one picture, turned, resized or encoded again."
    )
    across_parts: Limits = _limits(
        0.01, 0.05, "Share of held-out images that show cells which are in the training part, too."
    )
    groups_across_parts: Limits = _limits(
        0.001, 0.05, "Share of held-out images whose patient (or slide, or view) the model has learned from."
    )
    neighbors_alike: Limits = _limits(
        0.02, 0.1, "Share of neighbors in file order that show the same cells, beyond that of random pairs."
    )
    class_balance: Limits = _limits(3, 10, "Images of the largest class for one of the smallest.")
    stain_spread: Limits = _limits(
        0.2, 0.4, "Share of the variance of background color that lies between the classes (omega squared)."
    )
    scale_spread: Limits = _limits(
        0.2, 0.4, "Share of the variance of the red cells' size in px that lies between the classes."
    )
    scale_mismatch: Limits = _limits(
        0.25, 0.5, "How far a stated scale is off the red cells in the images, as a share; the median image."
    )
    scale_unknown: Limits = _limits(
        0.25, None, "Share of a class's images whose scale is neither stated nor shown by red cells."
    )
    burned_in_marks: Limits = _limits(
        0.1,
        0.25,
        "How much better than chance the style of a scale bar or label tells the class; share as above.",
    )
    file_properties: Limits = _limits(
        0.1, 0.25, "How much better than chance the size of images tells the class; share as above."
    )
    sharpness_spread: Limits = _limits(
        0.2, 0.4, "Share of the variance of sharpness that lies between the classes or parts (omega squared)."
    )
    exposure_spread: Limits = _limits(
        0.2, 0.4, "Share of the variance of exposure that lies between the classes or parts (omega squared)."
    )
    picture_quality: Limits = _limits(
        0.02, 0.2, "Share of a class's images that are blurred, too dark, too light or nearly empty."
    )
    camera_and_software: Limits = _limits(
        0.1,
        0.25,
        "How much better than chance camera and software in the files tell the class; share as above.",
    )
    file_names: Limits = _limits(
        0.25, None, "How much better than chance the pattern of file names tells the class; share as above."
    )
    site_unlike: Limits = _limits(
        0.5,
        1.5,
        "How far a second data set is from the first in stain, scale, sharpness or content, in standard "
        "deviations between patients; the smallest difference in the 95 % interval.",
    )
    label_noise: Limits = _limits(
        0.02,
        None,
        "Share of a class's images that a model which has not seen them is sure are of another class.",
    )
    empty_foreground: Limits = _limits(
        0.02, 0.1, "Share of a class's images that are black all over, where the background is black."
    )
    segmentation_failures: Limits = _limits(
        0.05, 0.2, "Share of a class's images in which the segmenter finds no usable cell."
    )
    implausible_segmentation: Limits = _limits(
        0.05, 0.2, "Share of a class's images in which what is called nucleus is not stained like one."
    )
    rejected_images: Limits = _limits(0.01, 0.1, "Share of a class's images that cannot be read.")
    leaks: Limits = _limits(
        None,
        1,
        "Leaks found by testing the model: predictions that change with the other images asked about at the "
        "same time, selectors that keep something of an earlier fit.",
    )
