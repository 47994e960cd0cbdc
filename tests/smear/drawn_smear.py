"""Smears of known scale: red cells with a sloping rim and a pale center, and nuclei, on glass with noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GLASS_COLOR = (236, 232, 238)
RED_CELL_COLOR = (214, 168, 178)
NUCLEUS_COLOR = (110, 60, 150)

Color = tuple[int, int, int]


def drawn_smear(
    shape: tuple[int, int],
    red_cell_px: float,
    *,
    cells: int = 25,
    nuclei: int = 1,
    color: Color = RED_CELL_COLOR,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Draw up to ``cells`` red cells that touch nothing, and nuclei 1.6 times as wide."""
    rng = np.random.default_rng(seed)
    height, width = shape
    image = np.full((height, width, 3), GLASS_COLOR, np.float64)
    placed = np.zeros((0, 3))
    for wide, paint in [(1.6, NUCLEUS_COLOR)] * nuclei + [(1.0, color)] * cells:
        for _ in range(60):
            cell = (
                rng.uniform(0, height),
                rng.uniform(0, width),
                wide * red_cell_px / 2 * rng.uniform(0.94, 1.06),
            )
            gaps = np.hypot(placed[:, 0] - cell[0], placed[:, 1] - cell[1]) - placed[:, 2] - cell[2]
            if (gaps > 2).all():
                placed = np.vstack([placed, cell])
                _draw(image, cell, paint, pale=wide == 1)
                break
    image += rng.normal(0, 3, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _draw(image: NDArray[np.float64], cell: tuple[float, float, float], color: Color, *, pale: bool) -> None:
    """Mix a disk into the image; its rim rises over a fifth of the radius, so that it ends at the radius."""
    y, x, radius = cell
    top, left = max(0, int(y - radius)), max(0, int(x - radius))
    part = image[top : int(y + radius) + 2, left : int(x + radius) + 2]
    rows, columns = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
    distance = np.hypot(rows - y, columns - x) / radius
    ink = np.clip((1 - distance) / 0.2, 0, 1)
    if pale:
        ink *= 1 - 0.6 * np.clip((0.5 - distance) / 0.2, 0, 1)
    part += ink[..., None] * (np.array(color) - part)
