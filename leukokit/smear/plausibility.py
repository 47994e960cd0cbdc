"""Whether the nuclei of a segmentation are stained like nuclei, compared with the rest of the foreground.

Nuclei take up the azure dye: they absorb green much more than red and blue (purple), or red much more than
red cells do (blue). How much depends on stain and camera, so both are compared with the rest of the
foreground of the same image, in optical density, in which stains are additive.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.otsu import histogram, two_level_otsu

MIN_ABOVE_MEDIAN, MIN_ABOVE_LOW = 2.5, 3.5
"""Smallest difference of a nucleus from the rest of the foreground, in standard deviations of the rest: from
its quartiles, or from its low quantiles, which are those of red cells where the rest includes white cells
(cleared at the border, or missed). One of the two suffices. On 3,000 segmentations of all-pbs, pbc-boxes,
bccd and rendered smears, in five stains, 99 % of the correct ones reach it, and 5 % of those in which red
cells of Pro were labeled as nuclei."""
MIN_REST = 0.25
"""The rest is used if it is at least this share of the foreground."""
MAX_HUE_GAP = 0.3
"""Without such a rest: how much bluer one nucleus may be than the typical one, as the difference of red and
blue density over the sum with green, which does not depend on the amount of stain. Measured: at most .11 in
correct segmentations, .43 and more where all red cells of a field were labeled beside its white cell."""
MIN_SPREAD = 2.0
"""Smallest standard deviation to divide by, in hundredths of optical density: that of JPEG noise."""
SPECK = 0.25
"""Nuclei smaller than this share of the median area are not checked."""

_UNIT = 100.0  # levels a unit of optical density
_OFFSET = 256  # purple may be negative
_QUANTILES = np.array([0.05, 0.25, 0.3, 0.5, 0.75])
_BLACK = 250  # in all channels; denser than any stain: burned in, or blanked


def plausible_nuclei(image: NDArray[np.uint8], nucleus: NDArray[np.int32], cell: NDArray[np.int32]) -> bool:
    """Check whether most labeled nuclei are stained like nuclei.

    The mean purple and the mean red density of a nucleus are compared with those of the foreground outside
    all cells, which in smears is red cells. If neither is much higher, the object is not stained like a
    nucleus. Where hardly any foreground is outside of cells, because the image is a crop of one cell or
    because all red cells were labeled too, nuclei are compared with each other: if the bluest one is more
    than ``MAX_HUE_GAP`` bluer than the typical one, the typical one is no nucleus.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        The segmented image.
    nucleus, cell : int32 arrays, H x W
        Label images, 0 outside.

    Returns
    -------
    bool
        False where more than half of the nuclei are not stained like nuclei; True otherwise, and where
        nothing can be compared (no nucleus, one cell without surroundings, black surroundings).
    """
    red, green, blue = (_density(np.asarray(plane, dtype=np.uint8)) for plane in cv2.split(image))
    levels = two_level_otsu(histogram(green))
    if levels is None:
        return True
    sums, purple, redness, foreground = _nucleus_statistics(red, green, blue, nucleus, cell, levels[0])
    areas = sums[:, 3]
    if not (areas > 0).any():
        return True
    large_enough = areas >= max(SPECK * float(np.median(areas[areas > 0])), 1.0)
    means = sums[large_enough, :3] / areas[large_enough, None]
    rest = int(redness.sum())
    if rest >= max(MIN_REST * foreground, 1.0):
        far_above = _lies_far_above(means @ (-0.5, 1.0, -0.5) + _OFFSET, purple) | _lies_far_above(
            means[:, 0], redness
        )
        return bool(np.count_nonzero(far_above) * 2 >= len(far_above))
    hue = (means[:, 0] - means[:, 2]) / np.maximum(means.sum(axis=1), 1.0)
    typical = float(np.median(hue))
    return float(hue.max()) - typical <= MAX_HUE_GAP


def _density(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Optical density relative to glass (the 80th percentile), in hundredths, 0..255."""
    cumulative = np.cumsum(histogram(plane))
    glass = float(np.searchsorted(cumulative, 0.8 * cumulative[-1]))
    table = _UNIT * np.log((glass + 1.0) / (np.arange(256) + 1.0))
    return np.asarray(cv2.LUT(plane, np.clip(np.rint(table), 0, 255).astype(np.uint8)), dtype=np.uint8)


def _lies_far_above(values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values lie far above those of a histogram."""
    cumulative = np.cumsum(counts)
    low, quarter, third, middle, upper = np.searchsorted(cumulative, _QUANTILES * cumulative[-1])
    spread = max((upper - quarter) / 1.349, MIN_SPREAD)
    # The 5 % and 30 % quantiles of a normal distribution are 1.645 and .524 deviations below the mean.
    low_spread = max((third - low) / 1.121, MIN_SPREAD)
    far_above_low = values - third - 0.524 * low_spread >= MIN_ABOVE_LOW * low_spread
    far_above: NDArray[np.bool_] = (values - middle >= MIN_ABOVE_MEDIAN * spread) | far_above_low
    return far_above


@numba.njit(cache=True, nogil=True)
def _nucleus_statistics(
    red: NDArray[np.uint8],
    green: NDArray[np.uint8],
    blue: NDArray[np.uint8],
    nucleus: NDArray[np.int32],
    cell: NDArray[np.int32],
    level: int,
) -> Any:
    """Sum red, green, blue and pixels by nucleus; histograms of the rest; number of foreground pixels."""
    count = 0
    for i in range(nucleus.shape[0]):
        for j in range(nucleus.shape[1]):
            count = max(count, nucleus[i, j])
    sums = np.zeros((count + 1, 4))
    purple = np.zeros(2 * _OFFSET, np.int64)
    redness = np.zeros(256, np.int64)
    foreground = 0
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            r, g, b = int(red[i, j]), int(green[i, j]), int(blue[i, j])
            label = nucleus[i, j]
            if label > 0:
                sums[label, 0] += r
                sums[label, 1] += g
                sums[label, 2] += b
                sums[label, 3] += 1.0
            if g > level and not (r >= _BLACK and g >= _BLACK and b >= _BLACK):
                foreground += 1
                if cell[i, j] == 0 and label == 0:
                    purple[g - (r + b) // 2 + _OFFSET] += 1
                    redness[r] += 1
    return sums, purple, redness, foreground
