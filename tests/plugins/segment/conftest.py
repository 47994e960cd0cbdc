"""Scenes with a known answer: flat colors of the real smears, blurred as by a microscope."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from leukokit.api import Mask, RGBImage

BACKGROUND, RED_CELL = (232, 236, 238), (150, 165, 196)


@dataclass
class DiskScene:
    """A smear drawn disk by disk."""

    size: int = 224
    colors: list[tuple[tuple[int, int, int], Mask]] = field(default_factory=list)

    def disk(self, row: int, column: int, radius: int, color: tuple[int, int, int]) -> Mask:
        """Draw a disk and return its pixels."""
        rows, columns = np.ogrid[: self.size, : self.size]
        inside: Mask = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        self.colors.append((color, inside))
        return inside

    def crowd(self) -> list[tuple[int, int]]:
        """Fill the left half with red cells, and return their centers."""
        centers = [(row, column) for row in range(20, 210, 26) for column in range(16, 110, 26)]
        for row, column in centers:
            self.disk(row, column, 10, RED_CELL)
        return centers

    def image(self) -> RGBImage:
        """Render, with a slight blur and grain."""
        drawn = np.empty((self.size, self.size, 3), np.float64)
        drawn[:] = BACKGROUND
        for color, inside in self.colors:
            drawn[inside] = color
        grain = np.random.default_rng(1).normal(0, 2, drawn.shape)
        blurred = cv2.GaussianBlur(drawn, (5, 5), 0.9) + grain
        rgb: RGBImage = np.clip(np.rint(blurred), 0, 255).astype(np.uint8)
        rgb.setflags(write=False)
        return rgb


@pytest.fixture
def scene() -> DiskScene:
    """Give an empty smear of 224 x 224 px."""
    return DiskScene()
