"""Codes of uniform local binary patterns, compiled for speed."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Bits of the interpolation weights: with 8 bits of gray level and the sign they fit in int32, and weights are
# exact to 1e-7.
_BITS = 22


def uniform_codes(stack: NDArray[np.uint8], points: int, radius: int) -> NDArray[np.uint8]:
    """Codes of all pixels whose circle lies inside the image.

    Parameters
    ----------
    stack : uint8 array, C x H x W
        Channels.
    points : int
        Neighbors on the circle, 32 at most.
    radius : int
        Radius of the circle, in px.

    Returns
    -------
    uint8 array, C x (H - 2 radius) x (W - 2 radius)
        0..points for uniform patterns, points + 1 for others.
    """
    offsets, weights = neighbors(points, radius)
    codes: NDArray[np.uint8] = _codes(stack, offsets, weights, radius)
    return codes


def neighbors(points: int, radius: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Four pixels to interpolate between for each neighbor, and their weights.

    Returns
    -------
    offsets : int64 array, points x 4
        Upper row, lower row, left column, right column, relative to the pixel.
    weights : int32 array, points x 4
        Of upper left, upper right, lower left and lower right; each row sums to 2**22 exactly.
    """
    angles = 2 * np.pi * np.arange(points) / points
    # Rounding puts neighbors on the axes exactly on pixels, as in scikit-image.
    y = np.round(-radius * np.sin(angles), 5)
    x = np.round(radius * np.cos(angles), 5)
    offsets = np.stack([np.floor(y), np.ceil(y), np.floor(x), np.ceil(x)], axis=1).astype(np.int64)
    down, right = y - np.floor(y), x - np.floor(x)
    exact = np.stack([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right], axis=1)
    weights = np.round(exact * 2**_BITS).astype(np.int32)
    # A flat neighborhood is an exact tie only if weights sum to one: add the remainder to the largest weight.
    rows = np.arange(points)
    weights[rows, exact.argmax(axis=1)] += 2**_BITS - weights.sum(axis=1, dtype=np.int32)
    return offsets, weights


_ONE = np.uint32(1)


@njit(cache=True, nogil=True, inline="always")
def _ones(bits: np.uint32) -> np.uint32:
    # Count the bits of a word: sums of neighboring bits, pairs, nibbles, then of all four bytes at once.
    bits = np.uint32(bits - np.uint32(np.uint32(bits >> np.uint32(1)) & np.uint32(0x55555555)))
    bits = np.uint32(
        np.uint32(bits & np.uint32(0x33333333))
        + np.uint32(np.uint32(bits >> np.uint32(2)) & np.uint32(0x33333333))
    )
    bits = np.uint32(np.uint32(bits + np.uint32(bits >> np.uint32(4))) & np.uint32(0x0F0F0F0F))
    return np.uint32(np.uint32(bits * np.uint32(0x01010101)) >> np.uint32(24))


@njit(cache=True, nogil=True)
def _codes(
    stack: NDArray[np.uint8], offsets: NDArray[np.int64], weights: NDArray[np.int32], margin: int
) -> NDArray[np.uint8]:
    # Row by row, neighbor by neighbor, so that the innermost loops run along a row and become SIMD
    # instructions. Without the casts numba computes in int64, at half the speed.
    channels, height, width = stack.shape
    points = len(offsets)
    inner = width - 2 * margin
    whole = np.int32(1 << _BITS)
    others = np.uint32(points + 1)
    to_last = np.uint32(points - 1)
    zero = np.uint32(0)
    used = np.uint32((1 << points) - 1)
    codes = np.empty((channels, height - 2 * margin, inner), np.uint8)
    pattern = np.empty(inner, np.uint32)
    for c in range(channels):
        plane = stack[c].astype(np.int32)
        for row in range(height - 2 * margin):
            center = plane[row + margin, margin : margin + inner]
            pattern[:] = 0
            for p in range(points):
                bit = np.uint32(1 << p)
                upper = plane[row + margin + offsets[p, 0]]
                left, right = margin + offsets[p, 2], margin + offsets[p, 3]
                upper_left = upper[left : left + inner]
                a, b, d, e = weights[p, 0], weights[p, 1], weights[p, 2], weights[p, 3]
                if a == whole:
                    for x in range(inner):
                        pattern[x] |= bit if upper_left[x] >= center[x] else zero
                    continue
                lower = plane[row + margin + offsets[p, 1]]
                upper_right = upper[right : right + inner]
                lower_left, lower_right = lower[left : left + inner], lower[right : right + inner]
                for x in range(inner):
                    above = np.int32(
                        a * upper_left[x]
                        + b * upper_right[x]
                        + d * lower_left[x]
                        + e * lower_right[x]
                        - (center[x] << _BITS)
                    )
                    pattern[x] |= bit if above >= 0 else zero
            for x in range(inner):
                bits = pattern[x]
                turned = np.uint32(np.uint32(bits >> _ONE) | np.uint32(bits << to_last)) & used
                pattern[x] = _ones(bits) if _ones(np.uint32(bits ^ turned)) <= np.uint32(2) else others
            codes[c, row] = pattern.astype(np.uint8)
    return codes
