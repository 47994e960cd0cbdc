"""Outlines of label images, as lines to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import LabelImage


def outlines(labels: LabelImage) -> list[NDArray[np.float64]]:
    """Outlines of every object and hole, half way between its pixels and the next ones.

    Returns
    -------
    list of float64 arrays (n, 2)
        Closed lines, x and y in px.
    """
    # Imported here: it takes long to load, and a run whose figures are in the cache needs it not.
    from skimage.measure import find_contours

    lines = []
    for region in regions(labels):
        lines += [
            line[:, ::-1] + (region.bbox[1] - 1, region.bbox[0] - 1)
            for line in find_contours(np.pad(region.image, 1).astype(np.float64), 0.5)  # type: ignore[no-untyped-call]
        ]
    return lines


def drawn_outlines(labels: LabelImage, longest: int) -> list[NDArray[np.float64]]:
    """Outlines for a panel of ``longest`` px: without detail that no eye sees, and without stairs.

    Label images more than twice as large as the panel are thinned out to twice its size first.

    Returns
    -------
    list of float64 arrays (n, 2)
        Closed lines, x and y in px of ``labels``.
    """
    step = max(1, max(labels.shape) // (2 * longest))
    thinned = labels[step // 2 :: step, step // 2 :: step]
    return [_smooth(line) * step + step // 2 for line in outlines(thinned)]


def regions(labels: LabelImage) -> list[Any]:
    """Region properties of every object."""
    from skimage.measure import regionprops

    return list(regionprops(labels))  # type: ignore[no-untyped-call]


def _smooth(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of five neighbors along a closed line: round objects lose less than a third of a px."""
    if len(line) < 16 or not np.array_equal(line[0], line[-1]):
        return line
    open_line = line[:-1]
    mean = np.mean([np.roll(open_line, shift, axis=0) for shift in range(-2, 3)], axis=0)
    return np.concatenate([mean, mean[:1]])
