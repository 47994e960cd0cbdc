"""Detection of burned-in scale bars and their labels.

Microscope software draws with sharp edges, while optics blur all natural edges; and its strokes are dark in
blue, which stains absorb least. Candidates are therefore thin strokes that are dark in *blue*. A group of
strokes is accepted if the strokes form a line, as letters do, and are black on an opaque white label, or red.
The position in the image is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask, RGBImage

# Levels of 0..255, measured over the 3256 images of the paper's data set.
_MAX_STROKE_WIDTH = 7  # px; strokes are thinner, cells are wider
_MIN_DROP = 35  # smallest loss of blue in a stroke; median 150, over a dark nucleus 50
_MAX_BLUE = 200
_MIN_STEP = 24  # smallest step from one pixel to the next at a stroke's edge
_MIN_WHITE = 240  # smallest value of an opaque label; JPEG leaves 243 at its rim
_MOST_BARS = 4
_LEAST_SHARE = 0.2  # of all strokes that lie in bars: .25 and more in the paper's images, less in noise
_MIN_STROKES_PER_ROW = 2.0  # strokes along a row of letters, mean of the four rows with most


@dataclass(frozen=True, slots=True)
class BurnedInBar:
    """One burned-in scale bar with its label.

    Attributes
    ----------
    left, top, right, bottom : int
        Box in px, right and bottom exclusive.
    style : {"label", "ink"}
        ``label``: black on an opaque white label that hides the smear. ``ink``: red strokes directly on the
        smear.
    """

    left: int
    top: int
    right: int
    bottom: int
    style: Literal["label", "ink"]

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns, to index an image with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def find_scale_bars(image: RGBImage) -> tuple[BurnedInBar, ...]:
    """Find the burned-in scale bars of an image, uint8 H x W x 3, from top to bottom."""
    candidates = stroke_candidates(image)
    if not candidates.any():
        return ()
    # Letters of one label, and its letters and ticks, are at most four px apart.
    pad = 8
    padded = cv2.copyMakeBorder(candidates.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    joined = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 9), np.uint8))[pad:-pad, pad:-pad]
    outlines, _ = cv2.findContours(np.ascontiguousarray(joined), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    bars = []
    for left, top, width, height in map(cv2.boundingRect, outlines):
        if width < 4 or height < 2 or width < 1.2 * height:
            continue
        strokes = candidates[top : top + height, left : left + width]
        bar = _classify(image, _StrokeGroup(strokes, left, top, left + width, top + height))
        if bar is not None:
            bars.append(bar)
    in_bars = sum(int(np.count_nonzero(candidates[bar.box])) for bar in bars)
    if len(bars) > _MOST_BARS or in_bars < _LEAST_SHARE * np.count_nonzero(candidates):
        return ()  # noise: strokes everywhere, some of which look like letters by chance
    return tuple(sorted(bars, key=lambda bar: (bar.top, bar.left)))


def stroke_candidates(image: RGBImage) -> Mask:
    """Thin strokes that are darker in blue than their surroundings and not blue themselves; bool H x W."""
    kernel = np.ones((_MAX_STROKE_WIDTH, _MAX_STROKE_WIDTH), np.uint8)
    red, _, blue = cv2.split(image)
    drop = cv2.morphologyEx(blue, cv2.MORPH_BLACKHAT, kernel)
    dark = (drop > _MIN_DROP) & (blue < _MAX_BLUE)
    # Half the difference of red and blue around 128: one byte, for speed.
    warmth = cv2.addWeighted(red, 0.5, blue, -0.5, 128)
    # Red strokes over a nucleus are bluish, since JPEG stores color at half resolution, but still much less
    # blue than their surroundings.
    warmer = cv2.morphologyEx(warmth, cv2.MORPH_TOPHAT, kernel)
    strokes: Mask = dark & ((warmth > 118) | ((warmer > 20) & (warmth > 68)))
    return strokes


@dataclass(frozen=True, slots=True)
class _StrokeGroup:
    """Strokes that lie close together: their mask and their bounding box."""

    strokes: Mask
    left: int
    top: int
    right: int
    bottom: int

    @property
    def box(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def _classify(image: RGBImage, group: _StrokeGroup) -> BurnedInBar | None:
    """Return the scale bar of a group of strokes; None for debris, granules and folds."""
    pixels = image[group.box]
    height, width = pixels.shape[:2]
    lettered = width >= 8 and height >= 3 and _strokes_per_row(image, group) >= _MIN_STROKES_PER_ROW
    # Artifacts at a label's rim are paler than its letters.
    dark = group.strokes & (pixels.max(axis=2) < 170)
    if 2 * dark.sum() >= group.strokes.sum() and _is_black_on_white(image, group, dark):
        overlay = _label_box(image, group)
        return overlay if lettered or _has_rim(image, overlay) else None
    red, green, blue = np.median(pixels[group.strokes], axis=0)
    if lettered and red - (green + blue) / 2 >= 15:
        return _red_bar_box(image, group)
    return None


def _strokes_per_row(image: RGBImage, group: _StrokeGroup) -> float:
    """Count dark strokes along rows of blue values; mean of the four rows with most."""
    rows = image[group.top : group.bottom, max(group.left - 2, 0) : group.right + 2, 2]
    jumps = np.diff(rows.astype(np.int16), axis=1)
    signs = np.where(jumps <= -_MIN_STEP, -1, np.where(jumps >= _MIN_STEP, 1, 0))
    counts = []
    for row in signs:
        edges = row[row != 0]
        # A stroke is a falling edge followed by a rising one; adjacent falls or rises are one edge.
        counts.append(int(np.count_nonzero((edges[:-1] < 0) & (edges[1:] > 0))))
    return float(np.mean(sorted(counts, reverse=True)[:4]))


def _is_black_on_white(image: RGBImage, group: _StrokeGroup, dark: Mask) -> bool:
    """Whether the strokes are gray or black and the pixels at a distance of 2 px are white."""
    color = np.median(image[group.box][dark], axis=0)
    if np.ptp(color) >= 30:
        return False
    top, left = min(group.top, 2), min(group.left, 2)
    around = image[group.top - top : group.bottom + 2, group.left - left : group.right + 2]
    strokes = np.zeros(around.shape[:2], dtype=np.uint8)
    strokes[top : top + dark.shape[0], left : left + dark.shape[1]] = dark
    near = cv2.dilate(strokes, np.ones((3, 3), np.uint8))
    ring = (cv2.dilate(strokes, np.ones((5, 5), np.uint8)) > 0) & (near == 0)
    return bool(ring.any() and (around[ring].min(axis=1) >= _MIN_WHITE).mean() >= 0.7)


def _has_rim(image: RGBImage, overlay: BurnedInBar) -> bool:
    """Whether a label that is too small for letters is a rectangle brighter than its surroundings."""
    box = image[overlay.box].min(axis=2).astype(np.int16)
    if min(box.shape) < 6:
        return False
    # The outermost px of the box are covered by the label only in part.
    outside = (box[0, 1:-1], box[-1, 1:-1], box[1:-1, 0], box[1:-1, -1])
    inside = (box[1, 2:-2], box[-2, 2:-2], box[2:-2, 1], box[2:-2, -2])
    sides = [
        within.mean() >= 236 and within.mean() - out.mean() >= 6
        for out, within in zip(outside, inside, strict=True)
    ]
    # One side may be invisible where the plasma is as white as the label.
    return sum(map(bool, sides)) >= 3


def _label_box(image: RGBImage, group: _StrokeGroup) -> BurnedInBar:
    """Extend the box of the strokes to the rim of the white label, with one px of partly covered rim."""
    height, width = image.shape[:2]
    red, green, blue = cv2.split(image)
    white = cv2.min(cv2.min(red, green), blue) >= _MIN_WHITE  # a tenth of the time of image.min(axis=2)
    left, top, right, bottom = group.left, group.top, group.right, group.bottom
    reach = max(8, (3 * (bottom - top)) // 4)
    lowest, highest = max(top - reach, 0), min(bottom + reach, height)
    leftmost, rightmost = max(left - reach, 0), min(right + reach, width)
    # Ticks reach the rim, and JPEG artifacts lie beside it, so most of a row or column being white suffices.
    # Rows are tried again with the final columns.
    for _ in range(2):
        while top > lowest and white[top - 1, left:right].mean() >= 0.8:
            top -= 1
        while bottom < highest and white[bottom, left:right].mean() >= 0.8:
            bottom += 1
        while left > leftmost and white[top:bottom, left - 1].mean() >= 0.55:
            left -= 1
        while right < rightmost and white[top:bottom, right].mean() >= 0.55:
            right += 1
    return BurnedInBar(
        max(left - 1, 0), max(top - 1, 0), min(right + 1, width), min(bottom + 1, height), style="label"
    )


def _red_bar_box(image: RGBImage, group: _StrokeGroup) -> BurnedInBar:
    """Extend the box of the letters to the two ticks, of which the right one is pale."""
    height, width = image.shape[:2]
    columns = np.flatnonzero(group.strokes.any(axis=0))
    # The letters are the widest run of columns; ticks are two px or more away.
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 2) + 1)
    letters = max(runs, key=len)
    rows = np.flatnonzero(group.strokes[:, letters].any(axis=1)) + group.top
    first, last = int(rows[0]), int(rows[-1])
    size = last - first + 1
    margin = max(2 * size, (2 * len(letters)) // 3) + 1
    left, right = group.left + int(letters[0]) - margin, group.left + int(letters[-1]) + margin
    return BurnedInBar(
        max(min(left, group.left), 0),
        max(first - 1, 0),
        min(max(right, group.right), width),
        min(max(last + 2 + size, group.bottom + 1), height),
        style="ink",
    )


def painted_mask(image: RGBImage, overlay: BurnedInBar) -> NDArray[np.uint8]:
    """Pixels to paint over, 0 or 1, uint8 H x W: the whole label, or red strokes and the px beside them."""
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    if overlay.style == "label":
        mask[overlay.box] = 1
        return mask
    rows, columns = overlay.box
    margin = _MAX_STROKE_WIDTH  # reach of the morphological filters beyond the box
    first, start = max(rows.start - margin, 0), max(columns.start - margin, 0)
    part = image[first : rows.stop + margin, start : columns.stop + margin]
    kernel = np.ones((_MAX_STROKE_WIDTH, _MAX_STROKE_WIDTH), np.uint8)
    red, _, blue = cv2.split(part)
    warmth = cv2.addWeighted(red, 0.5, blue, -0.5, 128)
    # Inside a known bar, faint strokes count too: the right tick is 10 levels darker than the smear. Luma is
    # used, since JPEG keeps its edges sharp and blurs color.
    drop = cv2.morphologyEx(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.MORPH_BLACKHAT, kernel)
    strokes = ((drop > 8) & (cv2.morphologyEx(warmth, cv2.MORPH_TOPHAT, kernel) > 3)).astype(np.uint8)
    inside = (
        slice(rows.start - first, rows.stop - first),
        slice(columns.start - start, columns.stop - start),
    )
    mask[overlay.box] = strokes[inside]
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)
