"""Positions of the parts of a scene on the pixel grid, used for both the image and the ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_scene import Scene
from leukokit.plugins.datasets._smear_stock import PLATELETS, Stock

Float32: TypeAlias = NDArray[np.float32]
Window: TypeAlias = tuple[slice, slice]

_SHIFT = 4
"""Bits of sub-pixel precision that OpenCV's polygons are drawn with."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A burned-in scale bar: colors and opacity of the patch in the bottom-right corner."""

    patch: NDArray[np.uint8]
    opacity: Float32

    def patch_window(self, size: int) -> Window:
        """Where the patch lies in an image of ``size`` px."""
        height, width = self.opacity.shape
        return slice(size - height, size), slice(size - width, size)


def red_sprites(scene: Scene, stock: Stock) -> NDArray[np.intp]:
    """Index into the stock of each red cell."""
    crenated = len(stock.disks) - stock.round_cells
    kinds = np.where(scene.crenated, crenated - 1, stock.round_cells - 1)
    numbers = np.rint(scene.red[:, 2] * kinds) + scene.crenated * stock.round_cells
    indices: NDArray[np.intp] = numbers.astype(np.intp)
    return indices


def platelet_sprites(scene: Scene) -> NDArray[np.intp]:
    """Index into the stock of each platelet."""
    numbers: NDArray[np.intp] = np.rint(scene.platelets[:, 2] * (PLATELETS - 1)).astype(np.intp)
    return numbers


def sprite_windows(
    placed: NDArray[np.float64], scale: float, shape: tuple[int, ...], size: int
) -> Iterator[tuple[Window, Window]]:
    """Yield, for sprites centered at ``placed``, the window in the image and the window in the sprite.

    Both are empty where a sprite is outside the image.
    """
    height, width = shape[-2:]
    left, top = (np.rint(placed[:, :2] * scale).astype(int) - [width // 2, height // 2]).T
    x0, y0 = np.clip(left, 0, size), np.clip(top, 0, size)
    x1, y1 = np.clip(left + width, x0, size), np.clip(top + height, y0, size)
    edges = np.stack([y0, y1, x0, x1, y0 - top, y1 - top, x0 - left, x1 - left], axis=1)
    for a, b, c, d, e, f, g, h in edges.tolist():
        yield (slice(a, b), slice(c, d)), (slice(e, f), slice(g, h))


def outline_window(outline: NDArray[np.float64], scale: float, size: int) -> Window | None:
    """Bounding box of an outline with a margin of 2 px, clipped to the image; None where it is outside."""
    low = np.floor(outline.min(axis=0) * scale).astype(int) - 2
    high = np.ceil(outline.max(axis=0) * scale).astype(int) + 3
    x0, y0 = (int(v) for v in np.clip(low, 0, size))
    x1, y1 = (int(v) for v in np.clip(high, 0, size))
    return None if x0 >= x1 or y0 >= y1 else (slice(y0, y1), slice(x0, x1))


def coverage(outlines: tuple[NDArray[np.float64], ...], window: Window, scale: float) -> Float32:
    """Share of each px of the window that lies inside one of the outlines, 0..1."""
    rows, columns = window
    # Drawn four times larger and averaged: OpenCV's antialiased polygons are half a px too large.
    fine = np.zeros((4 * (rows.stop - rows.start), 4 * (columns.stop - columns.start)), dtype=np.uint8)
    origin = np.array([columns.start, rows.start])
    for outline in outlines:
        points = np.rint(((outline * scale - origin) * 4 - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(fine, [points.reshape(-1, 1, 2)], (255,), cv2.LINE_8, _SHIFT)
    small = cv2.resize(fine, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    share: Float32 = np.asarray(small) * np.float32(1 / 255)
    return share
