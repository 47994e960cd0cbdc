"""Small smear-like images with known cells, for tests.

Disks on a background: pink disks are red cells, violet disks with a darker disk inside are white cells. They
are fast to draw, reproducible and have truth, but do not look like a real smear (the data set ``smears``
does).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, RED_CELL, LabelImage, Labels, RGBImage, Status

_BACKGROUND = (226, 214, 222)
_RED_CELL = (214, 160, 172)
_CYTOPLASM = (176, 150, 206)
_NUCLEUS = (98, 52, 138)


def disks(seed: int = 0, *, size: int | tuple[int, int] = 96, cells: int = 3) -> tuple[RGBImage, Labels]:
    """Draw one image.

    Parameters
    ----------
    seed : int
        Seed of positions, radii and noise.
    size : int or (height, width)
        In px; 32 or more for cells to fit.
    cells : int
        White cells to draw; those for which there is no free position are left out, except the first.

    Returns
    -------
    image : uint8 array, H x W x 3
        Read-only.
    labels : Labels
        Roles ``nucleus``, ``cell`` and ``red_cell``, read-only; ``no_cell`` where ``cells`` is 0.
    """
    height, width = (size, size) if isinstance(size, int) else size
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), _BACKGROUND, dtype=np.float64)
    roles: dict[str, LabelImage] = {
        role: np.zeros((height, width), dtype=np.int32) for role in (NUCLEUS, CELL, RED_CELL)
    }
    radius = min(height, width) / 8
    for number in range(1, 7):
        disk = _disk(rng, height, width, radius * rng.uniform(0.6, 0.8))
        roles[RED_CELL][disk] = number
        image[disk] = _RED_CELL
    placed = 0
    for _ in range(20 * cells):
        row, column = rng.uniform(1.6 * radius, [height - 1.6 * radius, width - 1.6 * radius])
        outer = radius * rng.uniform(0.9, 1.3)
        cell = _circle(height, width, row, column, outer)
        if placed == cells or (roles[CELL][_circle(height, width, row, column, outer + 2)] > 0).any():
            continue
        placed += 1
        nucleus = _circle(height, width, row, column, outer * rng.uniform(0.6, 0.85))
        image[cell], image[nucleus] = _CYTOPLASM, _NUCLEUS
        roles[CELL][cell], roles[NUCLEUS][nucleus], roles[RED_CELL][cell] = placed, placed, 0
    image += rng.normal(0, 4, image.shape)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return freeze(pixels), _labels(roles, Status.OK if placed else Status.NO_CELL)


def solid(color: tuple[int, int, int] = (200, 190, 200), *, height: int = 48, width: int = 48) -> RGBImage:
    """Return an image of one color, uint8 H x W x 3, read-only."""
    return freeze(np.full((height, width, 3), color, dtype=np.uint8))


def no_cells(image: RGBImage) -> Labels:
    """Labels of an image on which a segmenter found nothing."""
    shape = image.shape[:2]
    return _labels(
        {role: np.zeros(shape, dtype=np.int32) for role in (NUCLEUS, CELL, RED_CELL)}, Status.NO_CELL
    )


def freeze(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make an array read-only, as components get them."""
    array.setflags(write=False)
    return array


def _labels(roles: dict[str, LabelImage], status: Status) -> Labels:
    for array in roles.values():
        array.setflags(write=False)
    return Labels(roles=roles, status=status)


def _disk(rng: np.random.Generator, height: int, width: int, radius: float) -> NDArray[np.bool_]:
    return _circle(height, width, rng.uniform(0, height), rng.uniform(0, width), radius)


def _circle(height: int, width: int, row: float, column: float, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:height, :width]
    inside: NDArray[np.bool_] = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return inside
