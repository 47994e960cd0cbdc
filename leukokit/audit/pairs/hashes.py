"""Perceptual hashes: 64 bits that hardly change when an image is re-encoded, resized or made brighter.

Method: signs of the lowest spatial frequencies (Zauner 2010, "Implementation and benchmarking of perceptual
image hash functions", section 3.2), here without the mean. A flip of the picture only changes the sign of odd
frequencies and a transposition only swaps the axes, so the hashes of all eight flips and quarter turns come
from one cosine transform.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RGBImage

TRANSFORMS = (
    "identity",
    "rotate90",
    "rotate180",
    "rotate270",
    "flip",
    "flip_rotate90",
    "flip_rotate180",
    "flip_rotate270",
)
"""Flips and quarter turns in the order of the hashes; turns are counterclockwise, a flip swaps left and right
and comes first: ``flip_rotate90`` is ``np.rot90(np.fliplr(image))``."""

NEAR_BITS = 12
"""Bits in which the hashes of two near-duplicates may differ.

Measured on the 3256 images of the paper's data set: JPEG at quality 70 or 30, resizing to 0.8, blur of 1.5 px
and noise of 8 levels change 4 bits at most; 25 levels more light, which saturate the background, 12; 4 px cut
off 12. Of 42 million comparisons of different views, 40 differ by as few bits, so each pair is verified.
"""

_SIDE = 32  # px of the thumbnail; its cosine transform costs 20 us
_ROWS, _COLUMNS = np.array([(u, v) for u in range(12) for v in range(12) if u + v > 0]).T
_LOWEST = np.argsort(_ROWS**2 + _COLUMNS**2, kind="stable")[:64]
_BIT = np.uint64(1) << np.arange(64, dtype=np.uint64)
_BLOCK = 1024  # images per block: 8 MB of XOR results, whatever the size of the data set


def perceptual_hashes(rgb: RGBImage) -> NDArray[np.uint64]:
    """Hash an image and its flips and quarter turns.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3

    Returns
    -------
    uint64 array (8,)
        One hash per transform, in the order of ``TRANSFORMS``; zeros for an image of one color.
    """
    gray = cv2.cvtColor(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    waves = cv2.dct(gray.astype(np.float32))[:12, :12]
    # A uniform image has rounding noise only, whose signs are arbitrary: ignore less than half a level.
    waves = np.where(np.abs(waves) < 0.5, 0, waves)
    odd = np.where(np.arange(12) % 2, -1, 1)
    hashes = np.empty(8, dtype=np.uint64)
    for mirrored in (False, True):
        turned = waves * odd if mirrored else waves  # odd horizontal frequencies change sign left to right
        for turn in range(4):
            bits = turned[_ROWS[_LOWEST], _COLUMNS[_LOWEST]] > 0
            hashes[4 * mirrored + turn] = np.bitwise_or.reduce(_BIT[bits]) if bits.any() else 0
            turned = turned.T * odd[:, None]  # counterclockwise: transpose, then top to bottom
    return hashes


def near_hashes(hashes: NDArray[np.uint64], bits: int = NEAR_BITS) -> NDArray[np.intp]:
    """Find pairs of images where the hash of one, flipped or rotated, is near the hash of the other.

    Parameters
    ----------
    hashes : uint64 array (n, 8)
        As ``perceptual_hashes`` gives them.
    bits : int
        Largest number of bits that may differ.

    Returns
    -------
    intp array (m, 3)
        Rows a < b and number of the transform of ``a`` that is nearest to ``b``, in order of (a, b). Pictures
        of one color, whose hash is zero, are in no pair.
    """
    blocks = [np.empty((0, 3), dtype=np.intp)]
    plain = np.ascontiguousarray(hashes[:, 0])
    n = len(hashes)
    for start in range(0, n, _BLOCK):
        for first in range(start, n, _BLOCK):
            block = slice(start, start + _BLOCK), slice(first, first + _BLOCK)
            apart = np.stack(
                [np.bitwise_count(hashes[block[0], t, None] ^ plain[None, block[1]]) for t in range(8)]
            )
            nearest = apart.min(axis=0)
            a, b = np.nonzero(nearest <= bits)
            upper = (a + start < b + first) & (plain[a + start] != 0) & (plain[b + first] != 0)
            a, b = a[upper], b[upper]
            blocks.append(np.stack([a + start, b + first, apart[:, a, b].argmin(axis=0)], axis=1))
    pairs = np.concatenate(blocks)
    ordered: NDArray[np.intp] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered
