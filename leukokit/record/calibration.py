"""``model/calibration.json``: what corrects the probabilities of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from leukokit.record.base import Count, Format, Number, OrAbsent, Record, Text, described


class CalibrationCurve(Record):
    """A nondecreasing piecewise linear function through points, constant outside them."""

    x: tuple[Number, ...] = Field(description="Probabilities that the model gives, rising, 0..1.")
    y: tuple[Number, ...] = Field(description="What becomes of them before rows are divided by their sum.")


class CalibrationRecord(Record):
    """A calibration that the recipe applies; with several folds each has its own beside its model."""

    format: Format = Field(description="Form of this file: 1.")
    method: Literal["temperature", "isotonic"] = Field(description="How probabilities are corrected.")
    fitted_on: Text = Field("validation", description="Part that it was fitted on.")
    samples: Count = Field(description="Images that it was fitted on.")
    classes: tuple[Text, ...] = Field(description="Classes, in the order of the probabilities.")
    temperature: OrAbsent[Number] = described(
        "Divides all logits: above 1 makes probabilities flatter. Absent for other methods."
    )
    curves: OrAbsent[tuple[CalibrationCurve | None, ...]] = described(
        "One a class, null for a class without images, whose probabilities stay. Absent for a temperature."
    )
