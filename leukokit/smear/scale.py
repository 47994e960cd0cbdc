"""Scale of an image: the diameter of a red cell in px, and the width of a pixel in um."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

RED_CELL_UM = 7.5
"""Diameter of a red cell on a stained smear, in um: 7 to 8 in textbooks (Bain, Blood Cells, 5th ed.)."""

PIXEL_SIZE_UM = (0.005, 5.0)
"""Smallest and largest pixel, in um, of a photograph that shows cells: 1500 px and 1.5 px a red cell."""

MIN_CONFIDENCE = 0.1
"""Measured scales below this confidence, of an image or of a pool of images, are not ``known``."""


class ScaleSource(StrEnum):
    """Where a scale comes from."""

    GIVEN = "given"
    """The recipe states how many px a red cell measures, or how wide a pixel is."""
    FILE = "file"
    """The file's TIFF or OME tags, or the data set's table, state how wide a pixel is."""
    RED_CELLS = "red_cells"
    """Measured on the red cells of the image, its group or its data set."""
    NUCLEUS = "nucleus"
    """Estimated from the size of the nuclei, or from a few uncertain circles, where no red cells can be
    measured: 20 to 60 % off."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scale:
    """Scale of one image.

    Attributes
    ----------
    red_cell_px : float
        Diameter of a red cell, in px; NaN where unknown.
    confidence : float
        0..1: 1 where given, the weight of the evidence where measured, 0 where unknown.
    source : ScaleSource
    """

    red_cell_px: float = math.nan
    confidence: float = 0.0
    source: ScaleSource = ScaleSource.UNKNOWN

    @classmethod
    def of_pixel_size(cls, um: float, source: ScaleSource = ScaleSource.GIVEN) -> Self:
        """Scale of an image whose pixels are ``um`` wide."""
        return cls(RED_CELL_UM / um, 1.0, source)

    @property
    def known(self) -> bool:
        """True where lengths can be given in um.

        An estimate from nuclei is too rough for that, and so is one from red cells of very different sizes.
        """
        if self.source is ScaleSource.RED_CELLS:
            return self.confidence >= MIN_CONFIDENCE
        return self.source in (ScaleSource.GIVEN, ScaleSource.FILE)

    @property
    def um_per_px(self) -> float:
        """Width of a pixel, in um; NaN where the scale is not ``known``."""
        return RED_CELL_UM / self.red_cell_px if self.known else math.nan

    def resized(self, factor: float) -> Self:
        """Scale of the same image made ``factor`` times as wide and high."""
        return replace(self, red_cell_px=self.red_cell_px * factor)


UNKNOWN_SCALE = Scale()
"""Scale of an image that was not measured."""
