"""Gray-level co-occurrence matrices and their properties."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from leukokit.api import FloatArray, Mask

ANGLES = 4
"""Directions: right, right and down, down, left and down."""


class Property(StrEnum):
    """Measures of a matrix p(i, j), named as in scikit-image's ``graycoprops``."""

    CONTRAST = "contrast"
    DISSIMILARITY = "dissimilarity"
    HOMOGENEITY = "homogeneity"
    ASM = "asm"
    ENERGY = "energy"
    CORRELATION = "correlation"
    ENTROPY = "entropy"
    VARIANCE = "variance"


def cooccurrence(
    leveled: NDArray[np.uint8], mask: Mask | None, distances: NDArray[np.int64], levels: int
) -> FloatArray:
    """Count pixel pairs.

    Parameters
    ----------
    leveled : uint8 array, H x W
        Levels 0..levels - 1.
    mask : bool array, H x W, optional
        Pixels that may be part of a pair; all pixels where omitted.
    distances : int64 array (D,)
        Distances between the pixels of a pair, in rows, columns or both.
    levels : int
        2..256.

    Returns
    -------
    float64 array, D x 4 x levels x levels
        Symmetric; each matrix sums to 1, or is NaN where there is no pair.
    """
    # Pixels outside the mask get an extra level, whose row and column are removed afterwards: no branch per
    # pixel.
    if mask is None:
        plane = leveled.astype(np.uint16)
    else:
        # All pairs lie in the mask's bounding box. An empty mask is replaced by one pixel, which has no pair.
        x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
        box = slice(y, y + max(height, 1)), slice(x, x + max(width, 1))
        plane = np.where(mask[box], leveled[box], np.uint16(levels))
    counts = _count(plane, distances, levels + 1)[:, :, :levels, :levels].astype(np.float64)
    counts += counts.swapaxes(2, 3)
    total = counts.sum(axis=(2, 3), keepdims=True)
    matrices: FloatArray = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
    return matrices


@njit(cache=True, nogil=True)
def _count(plane: NDArray[np.uint16], distances: NDArray[np.int64], levels: int) -> NDArray[np.int64]:
    height, width = plane.shape
    counts = np.zeros((len(distances), ANGLES, levels, levels), np.int64)
    for k in range(len(distances)):
        d = distances[k]
        for y in range(height):
            for x in range(width - d):
                counts[k, 0, plane[y, x], plane[y, x + d]] += 1
        for y in range(height - d):
            for x in range(width - d):
                counts[k, 1, plane[y, x], plane[y + d, x + d]] += 1
            for x in range(width):
                counts[k, 2, plane[y, x], plane[y + d, x]] += 1
            for x in range(d, width):
                counts[k, 3, plane[y, x], plane[y + d, x - d]] += 1
    return counts


def texture(matrices: FloatArray, properties: Sequence[Property]) -> FloatArray:
    """Measure matrices.

    Parameters
    ----------
    matrices : float64 array, D x 4 x levels x levels
        Symmetric, each with sum 1.
    properties : sequence of Property
        What to measure, n of them.

    Returns
    -------
    float64 array, n x D x 4
    """
    levels = np.arange(matrices.shape[-1], dtype=np.float64)
    differences = np.abs(levels[:, np.newaxis] - levels)
    lead = matrices.shape[:-2]
    flat = matrices.reshape(-1, matrices.shape[-1] ** 2)
    weights = np.stack([differences**2, differences, 1 / (1 + differences**2)]).reshape(3, -1)
    contrast, dissimilarity, homogeneity = weights @ flat.T
    # The matrices are symmetric: rows and columns have the same marginal distribution, and
    # contrast = 2 (variance - covariance).
    margin = matrices.sum(axis=-1).reshape(-1, len(levels))
    mean = margin @ levels
    variance = (margin * (levels - mean[:, np.newaxis]) ** 2).sum(axis=1)
    correlation = np.divide(
        variance - contrast / 2, variance, out=np.ones_like(variance), where=~(variance < 1e-15)
    )
    asm = (flat**2).sum(axis=1)
    measured = {
        Property.CONTRAST: contrast,
        Property.DISSIMILARITY: dissimilarity,
        Property.HOMOGENEITY: homogeneity,
        Property.ASM: asm,
        Property.ENERGY: np.sqrt(asm),
        Property.CORRELATION: correlation,
        Property.ENTROPY: -(flat * np.log(flat, out=np.zeros_like(flat), where=flat > 0)).sum(axis=1),
        Property.VARIANCE: variance,
    }
    return np.stack([measured[name].reshape(lead) for name in properties])
