"""Purple blobs of all-pbs, from pixels alone: what any reader would call a white cell's nucleus.

Purple is optical density of green over the mean of red and blue: about 0 for the gray and blue red cells of
all-pbs, .1 and more for nuclei. Foreground is what is darker in green than an Otsu threshold; the red cells
of a image are the foreground below Otsu's threshold of purple over the foreground. A pixel is purple where it
is foreground, above that threshold, and ``STEP`` above the median red cell; or where it is ``DARK`` times as
dense in green as that, since the darkest nuclei are blue. Blobs are 8-connected after an opening of 1 px,
with 110 px or more (a third of a red cell there, so no platelets) and a solidity of .7 or more (so no strips
of smudge). No segmenter is asked.
"""

from __future__ import annotations

import cv2
import numpy as np

from leukokit.api import LabelImage, Labels, Mask, RGBImage

STEP = 0.05
DARK = 3.0
SOLID = 0.7
SMALLEST = 110
FOUND = 0.25
"""A blob with less than this share labeled as cell is missed; an object with less than this share of its
nucleus purple is not purple."""


def purple(image: RGBImage) -> Mask:
    """Purple pixels of an image of all-pbs, bool H x W."""
    smooth = cv2.medianBlur(np.ascontiguousarray(image), 3).astype(np.float64) + 1.0
    density = -np.log(smooth / np.percentile(smooth.reshape(-1, 3), 90, axis=0))
    index = density[..., 1] - (density[..., 0] + density[..., 2]) / 2
    foreground = density[..., 1] > min(_otsu(density[..., 1]), 0.25)
    if not foreground.any():
        return foreground
    level = _otsu(index[foreground])
    red = foreground & (index <= level)
    mask = foreground & (index > max(level, float(np.median(index[red])) + STEP))
    mask = (mask | (density[..., 1] > DARK * np.median(density[..., 1][red]))).astype(np.uint8)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def blobs(image: RGBImage) -> LabelImage:
    """Purple blobs, int32 H x W, ids 1..n."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(purple(image).astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= SMALLEST
    kept[0] = False
    for number in np.flatnonzero(kept):
        hull = cv2.convexHull(np.argwhere(labels == number).astype(np.int32))
        kept[number] = stats[number, cv2.CC_STAT_AREA] >= SOLID * cv2.contourArea(hull)
    return (np.cumsum(kept) * kept).astype(np.int32)[labels]


def score(labels: Labels, image: RGBImage) -> dict[str, float]:
    """Count purple blobs, those missed, objects, and those that are not purple."""
    blob = blobs(image)
    areas = np.bincount(blob.ravel())[1:]
    covered = np.bincount(blob[labels.cell > 0], minlength=len(areas) + 1)[1:]
    nuclei = np.bincount(labels.nucleus.ravel())[1:]
    stained = np.bincount(labels.nucleus[purple(image)], minlength=len(nuclei) + 1)[1:]
    objects = nuclei > 0
    return {
        "blobs": float(len(areas)),
        "missed": float((covered < FOUND * areas).sum()),
        "objects": float(objects.sum()),
        "not_purple": float((stained < FOUND * nuclei)[objects].sum()),
    }


def _otsu(values: np.ndarray) -> float:
    """Otsu's threshold of values, by 256 bins between their 0.5th and 99.5th percentile."""
    low, high = np.percentile(values, (0.5, 99.5))
    if high <= low:
        return float(high)
    counts, edges = np.histogram(np.clip(values, low, high), bins=256, range=(low, high))
    weight = np.cumsum(counts)
    mass = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
    rest = weight[-1] - weight
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (mass[-1] * weight / weight[-1] - mass) ** 2 / (weight * rest)
    return float(edges[1 + int(np.nanargmax(np.where((weight > 0) & (rest > 0), between, -1)))])
