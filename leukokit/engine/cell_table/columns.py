"""Columns of ``cells.parquet``: names, units and descriptions."""

from __future__ import annotations

from enum import StrEnum

from leukokit.api import CELL, NUCLEUS, PLATELET, RED_CELL, CellColumn
from leukokit.smear.objects.pixels import ENTROPY_BINS, PixelMeasures
from leukokit.smear.objects.red_cells import NEIGHBOR


class CellKind(StrEnum):
    """What a row is."""

    WHITE = "white"
    RED = "red"
    PLATELET = "platelet"

    @property
    def role(self) -> str:
        """Role of the label image that holds its objects."""
        return {CellKind.WHITE: CELL, CellKind.RED: RED_CELL, CellKind.PLATELET: PLATELET}[self]


KINDS = tuple(CellKind)
"""In the order of the rows of an image; the place of a kind is its code."""

CYTOPLASM = "cytoplasm"
REGIONS = (CELL, NUCLEUS, CYTOPLASM)

SAMPLE_COLUMNS = (
    CellColumn("image", "", "Id of the image."),
    CellColumn("group", "", "Patient, slide or view of the image; empty where not known."),
    CellColumn("label", "", "Class of the image; empty where not known."),
    CellColumn("part", "", "train, validation or test; empty with several folds, or without a split."),
    CellColumn("fold", "", "With several folds the one that tests the image, the first where several do."),
)
"""Texts that every cell of an image shares."""

_PLACE = (
    CellColumn("kind", "", "white, red or platelet."),
    CellColumn("cell", "", "Id: the value of the cell in the label image of its kind."),
    CellColumn("status", "", "border where the border of the image cuts it, else whole."),
    CellColumn("zoom", "", "Width of the image that was segmented over that of its file."),
    CellColumn("box_left", "px", "First column of its box."),
    CellColumn("box_top", "px", "First row of its box."),
    CellColumn("box_right", "px", "Column after the last one of its box."),
    CellColumn("box_bottom", "px", "Row after the last one of its box."),
    CellColumn("centroid_x", "px", "Mean column of its pixels."),
    CellColumn("centroid_y", "px", "Mean row of its pixels."),
)
WHOLE_NUMBERS = frozenset({"cell", "box_left", "box_top", "box_right", "box_bottom"})

_SHAPE = (
    ("area_px2", "px2", "Area of the {}."),
    ("area_um2", "um2", "The same; empty where the scale is not known."),
    ("diameter_px", "px", "Diameter of the circle of the same area."),
    ("diameter_um", "um", "The same; empty where the scale is not known."),
    ("diameter_rc", "rc", "The same over the diameter of a red cell; empty where the scale is not known."),
    ("perimeter_px", "px", "Length of the outline of the {}, by Crofton's formula."),
    ("perimeter_um", "um", "The same; empty where the scale is not known."),
    ("eccentricity", "", "Of the ellipse with the same second moments: 0 for a circle, 1 for a line."),
    ("solidity", "", "Area over that of the convex hull, 0..1."),
    ("roundness", "", "4 pi area / perimeter squared: 1 for a disk, above it for objects of few pixels."),
)
_PIXELS = {
    "red_mean": ("gray level", "Mean of the red channel, 0..255."),
    "green_mean": ("gray level", "Mean of the green channel."),
    "blue_mean": ("gray level", "Mean of the blue channel."),
    "red_std": ("gray level", "Standard deviation of the red channel."),
    "green_std": ("gray level", "Standard deviation of the green channel."),
    "blue_std": ("gray level", "Standard deviation of the blue channel."),
    "contrast": ("gray level2", "Mean squared difference of neighboring pixels, gray."),
    "homogeneity": ("", "Mean of 1 / (1 + squared difference of neighboring pixels), 0..1."),
    "entropy": ("bit", f"Entropy of the gray levels, in {ENTROPY_BINS} bins."),
}


def _of_region(region: str) -> tuple[CellColumn, ...]:
    shape = _SHAPE[:2] if region == CYTOPLASM else _SHAPE
    return tuple(
        CellColumn(f"{region}_{name}", unit, words.format(region)) for name, unit, words in shape
    ) + tuple(CellColumn(f"{region}_{name}", *_PIXELS[name]) for name in PixelMeasures._fields)


MEASURED_COLUMNS = (
    *_PLACE,
    CellColumn("nc_area", "", "Area of the nucleus over that of the cell, 0..1; white cells only."),
    CellColumn("nc_diameter", "", "Diameter of the nucleus over that of the cell; white cells only."),
    CellColumn(
        "red_neighbors",
        "cells",
        f"Red cells up to {NEIGHBOR:g} red-cell diameters away; empty where red cells are not labeled.",
    ),
    CellColumn("pallor", "", "Red cells only: 0 evenly stained, 1 with a center as pale as glass."),
    *(column for region in REGIONS for column in _of_region(region)),
)
"""Columns that leukokit itself measures; those of the recipe's extractors follow."""
