"""Units of lengths and areas: um, red cells, or the px of one camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Planes, Scale
from leukokit.api.smear import rescaled

REFERENCE_PX = 24.0
"""Diameter of a red cell, in px, at the reference scale of features that must not depend on the camera."""

UNIT_DESCRIPTION = (
    "Unit of lengths and areas, also part of the names: `um`, `red_cell` (its diameter, its area) or `px`, "
    "the px of one camera. Where the scale of an image is not known, `um` and `red_cell` give NaN."
)


class LengthUnit(StrEnum):
    """Unit of lengths and areas."""

    UM = "um"
    RED_CELL = "red_cell"
    PX = "px"

    @property
    def length(self) -> str:
        """Unit of a length, as part of a name."""
        return "rc" if self is LengthUnit.RED_CELL else self.value

    @property
    def area(self) -> str:
        """Unit of an area, as part of a name."""
        return "rc" if self is LengthUnit.RED_CELL else f"{self.value}2"

    def column_name(self, measure: str) -> str:
        """Insert the unit into the name of a measure: ``area_mean`` becomes ``area_um2_mean``.

        In px the name is unchanged, as in the tables of the paper.
        """
        kind, _, how = measure.partition("_")
        if self is LengthUnit.PX or not how:
            return measure
        return f"{kind}_{self.area if kind == 'area' else self.length}_{how}"

    def per_px(self, scale: Scale) -> float:
        """Length of a px in this unit; NaN where the unit needs a scale and it is not known."""
        if self is LengthUnit.PX:
            return 1.0
        if not scale.known:
            return math.nan
        return scale.um_per_px if self is LengthUnit.UM else 1 / scale.red_cell_px

    def per_px2(self, scale: Scale) -> float:
        """Area of a px in this unit; NaN as for a length."""
        # The unit of area is a red cell's disk, not its bounding square.
        return self.per_px(scale) ** 2 / (math.pi / 4 if self is LengthUnit.RED_CELL else 1.0)


@dataclass(frozen=True, slots=True)
class AtReference:
    """The gray plane of an image at the reference scale (red cells of 24 px), and that scale."""

    gray: NDArray[np.uint8]
    scale: Scale


def at_reference(planes: Planes) -> AtReference | None:
    """Resample the gray plane of an image to red cells of 24 px; None where its scale is not known.

    Raises
    ------
    ImageRejected
        ``too_large`` where it would be more than 8 times as wide, or have more than 2^26 px.
    """
    if not planes.scale.known:
        return None
    gray = rescaled(planes.gray, planes.scale, REFERENCE_PX)
    return AtReference(gray, planes.scale.resized(REFERENCE_PX / planes.scale.red_cell_px))
