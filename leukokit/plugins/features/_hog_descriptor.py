"""The histogram of oriented gradients (Dalal and Triggs 2005, doi 10.1109/CVPR.2005.177)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from leukokit.api import FloatArray

_EPSILON = 1e-5  # keeps flat blocks at 0; scikit-image's value
_CLIP = 0.2  # L2-Hys: normalize, cut, normalize again


def gradients(gray: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Differences of the two neighbors down and right, int32 H x W; 0 on the border, which has only one."""
    wide = gray.astype(np.int32)
    down, right = np.zeros_like(wide), np.zeros_like(wide)
    np.subtract(wide[2:], wide[:-2], out=down[1:-1])
    np.subtract(wide[:, 2:], wide[:, :-2], out=right[:, 1:-1])
    return down, right


class HogDescriptor:
    """A descriptor of fixed length.

    Parameters
    ----------
    grid : int
        Cells along each side of the image.
    block : int
        Cells along each side of a block.
    orientations : int
        Bins of 0..180 degrees.
    """

    def __init__(self, grid: int, block: int, orientations: int) -> None:
        self.grid = grid
        self.block = block
        self.orientations = orientations

    def names(self) -> tuple[str, ...]:
        """Column names in the order of :meth:`compute`."""
        blocks, cells = range(self.grid - self.block + 1), range(self.block)
        return tuple(
            f"hog_block_{i}_{j}_cell_{k}_{m}_{o:02d}"
            for i in blocks
            for j in blocks
            for k in cells
            for m in cells
            for o in range(self.orientations)
        )

    def compute(self, down: NDArray[np.int32], right: NDArray[np.int32], magnitude: FloatArray) -> FloatArray:
        """Histograms of cells, normalized over blocks, float64 (n,)."""
        grid, bins = self.grid, self.orientations
        height, width = magnitude.shape[0] // grid, magnitude.shape[1] // grid
        rows, columns = height * grid, width * grid
        # Gradients are whole numbers in -255..255: their directions fit in a table, far faster than arctan2.
        pairs = (down[:rows, :columns] + 255) * 511 + (right[:rows, :columns] + 255)
        cell = (np.arange(rows) // height)[:, np.newaxis] * grid + np.arange(columns) // width
        where = self._bins.take(pairs) + cell * bins
        sums = np.bincount(
            where.ravel(), weights=magnitude[:rows, :columns].ravel(), minlength=grid * grid * bins
        )
        cells = sums.reshape(grid, grid, bins) / (height * width)
        blocks = sliding_window_view(cells, (self.block, self.block), axis=(0, 1))
        flat = np.moveaxis(blocks, 2, -1).reshape(-1, self.block**2 * bins)
        return _normalized(np.minimum(_normalized(flat), _CLIP)).ravel()

    @cached_property
    def _bins(self) -> NDArray[np.intp]:
        """Orientation bin of every pair of differences, index (down + 255) * 511 + right + 255."""
        steps = np.arange(-255, 256)
        degrees = np.arctan2(steps[:, np.newaxis], steps) * (180 / np.pi) % 180
        bins = np.floor(degrees / (180 / self.orientations)).astype(np.intp)
        return np.minimum(bins, self.orientations - 1).ravel()


def _normalized(blocks: FloatArray) -> FloatArray:
    norm: FloatArray = np.sqrt((blocks**2).sum(axis=1, keepdims=True) + _EPSILON**2)
    return blocks / norm
