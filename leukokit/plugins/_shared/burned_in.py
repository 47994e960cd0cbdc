"""Finding burned-in scale bars and their labels.

Microscope software draws with hard edges and ink that no stain has; optics blur every natural edge and stains
absorb blue least. So ink is searched for as thin strokes that are dark in *blue*, and believed only where
strokes stand in a line, as letters do, and their color is black on an opaque white label or red. Position in
the image plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Mask, RGBImage

# Levels of 0..255, measured over the 3256 images of the paper's data set.
_STROKE = 7  # px; strokes are thinner, cells are not
_DROP = 35  # blue lost in ink; median 150, over a dark nucleus 50
_BRIGHTEST_INK = 200
_JUMP = 24  # from one pixel to the next at a stroke's edge
_WHITE = 240  # least value of an opaque label; JPEG leaves 243 at its rim
_LETTERS = 2.0  # strokes met along a row of letters, mean of the four richest rows


@dataclass(frozen=True, slots=True)
class Overlay:
    """One burned-in bar with its label.

    Attributes
    ----------
    left, top, right, bottom : int
        Box in px, right and bottom exclusive.
    style : {"label", "ink"}
        ``label``: black on an opaque white label, nothing of the smear is left under the box. ``ink``: red
        strokes straight on the smear.
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


def find_overlays(image: RGBImage) -> tuple[Overlay, ...]:
    """Find the burned-in bars and labels of an image, uint8 H x W x 3, from top to bottom."""
    ink = ink_map(image)
    if not ink.any():
        return ()
    # Letters of one label are at most four px apart, and so is a tick from its letters.
    pad = 8
    padded = cv2.copyMakeBorder(ink.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    joined = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 9), np.uint8))[pad:-pad, pad:-pad]
    outlines, _ = cv2.findContours(np.ascontiguousarray(joined), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for left, top, width, height in map(cv2.boundingRect, outlines):
        if width < 4 or height < 2 or width < 1.2 * height:
            continue
        strokes = ink[top : top + height, left : left + width]
        overlay = _judge(image, _Group(strokes, left, top, left + width, top + height))
        if overlay is not None:
            found.append(overlay)
    return tuple(sorted(found, key=lambda overlay: (overlay.top, overlay.left)))


def ink_map(image: RGBImage) -> Mask:
    """Thin strokes darker in blue than their surroundings, and not blue themselves; bool H x W."""
    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    red, _, blue = cv2.split(image)
    drop = cv2.morphologyEx(blue, cv2.MORPH_BLACKHAT, kernel)
    dark = (drop > _DROP) & (blue < _BRIGHTEST_INK)
    # Half the difference of red and blue around 128: one byte, for speed.
    warmth = cv2.addWeighted(red, 0.5, blue, -0.5, 128)
    # Over a nucleus red ink stays bluish, for JPEG stores color at half resolution; it is still much less
    # blue than what surrounds it.
    warmer = cv2.morphologyEx(warmth, cv2.MORPH_TOPHAT, kernel)
    strokes: Mask = dark & ((warmth > 118) | ((warmer > 20) & (warmth > 68)))
    return strokes


@dataclass(frozen=True, slots=True)
class _Group:
    """Strokes that lie close together: a mask of the box that holds them, and the box."""

    ink: Mask
    left: int
    top: int
    right: int
    bottom: int

    @property
    def box(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def _judge(image: RGBImage, group: _Group) -> Overlay | None:
    """Tell a label from debris, granules and folds, by its line of letters, its color and its ground."""
    pixels = image[group.box]
    height, width = pixels.shape[:2]
    lettered = width >= 8 and height >= 3 and _strokes_per_row(image, group) >= _LETTERS
    # Crumbs at a label's rim are paler than its letters.
    dark = group.ink & (pixels.max(axis=2) < 170)
    if 2 * dark.sum() >= group.ink.sum() and _is_black_on_white(image, group, dark):
        overlay = _label(image, group)
        return overlay if lettered or _has_rim(image, overlay) else None
    red, green, blue = np.median(pixels[group.ink], axis=0)
    if lettered and red - (green + blue) / 2 >= 15:
        return _ink(image, group)
    return None


def _strokes_per_row(image: RGBImage, group: _Group) -> float:
    """Dark strokes met along a row of blue values, averaged over the four rows that meet most."""
    rows = image[group.top : group.bottom, max(group.left - 2, 0) : group.right + 2, 2]
    jumps = np.diff(rows.astype(np.int16), axis=1)
    signs = np.where(jumps <= -_JUMP, -1, np.where(jumps >= _JUMP, 1, 0))
    counts = []
    for row in signs:
        edges = row[row != 0]
        # A stroke is a fall followed by a rise; runs of falls or of rises are one edge.
        counts.append(int(np.count_nonzero((edges[:-1] < 0) & (edges[1:] > 0))))
    return float(np.mean(sorted(counts, reverse=True)[:4]))


def _is_black_on_white(image: RGBImage, group: _Group, dark: Mask) -> bool:
    """Whether the strokes have no color and the pixels two away from them are paper white."""
    color = np.median(image[group.box][dark], axis=0)
    if np.ptp(color) >= 30:
        return False
    top, left = min(group.top, 2), min(group.left, 2)
    around = image[group.top - top : group.bottom + 2, group.left - left : group.right + 2]
    strokes = np.zeros(around.shape[:2], dtype=np.uint8)
    strokes[top : top + dark.shape[0], left : left + dark.shape[1]] = dark
    near = cv2.dilate(strokes, np.ones((3, 3), np.uint8))
    ring = (cv2.dilate(strokes, np.ones((5, 5), np.uint8)) > 0) & (near == 0)
    return bool(ring.any() and (around[ring].min(axis=1) >= _WHITE).mean() >= 0.7)


def _has_rim(image: RGBImage, overlay: Overlay) -> bool:
    """Whether a label too small for letters shows as a rectangle: darker all along its sides."""
    box = image[overlay.box].min(axis=2).astype(np.int16)
    if min(box.shape) < 6:
        return False
    # The outermost px of the box is the rim that the label covers in part or not at all.
    outside = (box[0, 1:-1], box[-1, 1:-1], box[1:-1, 0], box[1:-1, -1])
    inside = (box[1, 2:-2], box[-2, 2:-2], box[2:-2, 1], box[2:-2, -2])
    sides = [
        within.mean() >= 236 and within.mean() - out.mean() >= 6
        for out, within in zip(outside, inside, strict=True)
    ]
    # Where the plasma is as white as the label, one side may not show.
    return sum(map(bool, sides)) >= 3


def _label(image: RGBImage, group: _Group) -> Overlay:
    """Grow from the strokes to the rim of the white label, one px of half-covered rim included."""
    height, width = image.shape[:2]
    red, green, blue = cv2.split(image)
    white = cv2.min(cv2.min(red, green), blue) >= _WHITE  # a tenth of the time of image.min(axis=2)
    left, top, right, bottom = group.left, group.top, group.right, group.bottom
    reach = max(8, (3 * (bottom - top)) // 4)
    lowest, highest = max(top - reach, 0), min(bottom + reach, height)
    leftmost, rightmost = max(left - reach, 0), min(right + reach, width)
    # Ticks stand on the rim and crumbs of the smear beside it: most of a row or column being white is enough.
    # Rows are tried again once the columns are known.
    for _ in range(2):
        while top > lowest and white[top - 1, left:right].mean() >= 0.8:
            top -= 1
        while bottom < highest and white[bottom, left:right].mean() >= 0.8:
            bottom += 1
        while left > leftmost and white[top:bottom, left - 1].mean() >= 0.55:
            left -= 1
        while right < rightmost and white[top:bottom, right].mean() >= 0.55:
            right += 1
    return Overlay(
        max(left - 1, 0), max(top - 1, 0), min(right + 1, width), min(bottom + 1, height), style="label"
    )


def _ink(image: RGBImage, group: _Group) -> Overlay:
    """Reach from the letters to the two ticks, of which the right one is pale."""
    height, width = image.shape[:2]
    columns = np.flatnonzero(group.ink.any(axis=0))
    # The letters are the widest run of columns; a tick stands two px or more apart.
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 2) + 1)
    letters = max(runs, key=len)
    rows = np.flatnonzero(group.ink[:, letters].any(axis=1)) + group.top
    first, last = int(rows[0]), int(rows[-1])
    size = last - first + 1
    reach = max(2 * size, (2 * len(letters)) // 3) + 1
    left, right = group.left + int(letters[0]) - reach, group.left + int(letters[-1]) + reach
    return Overlay(
        max(min(left, group.left), 0),
        max(first - 1, 0),
        min(max(right, group.right), width),
        min(max(last + 2 + size, group.bottom + 1), height),
        style="ink",
    )


def stroke_mask(image: RGBImage, overlay: Overlay) -> NDArray[np.uint8]:
    """Pixels to repaint, 0 or 1, uint8 H x W: the whole label, or the ink with the px beside it."""
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    if overlay.style == "label":
        mask[overlay.box] = 1
        return mask
    rows, columns = overlay.box
    margin = _STROKE  # what the morphology looks at beyond the box
    first, start = max(rows.start - margin, 0), max(columns.start - margin, 0)
    part = image[first : rows.stop + margin, start : columns.stop + margin]
    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    red, _, blue = cv2.split(part)
    warmth = cv2.addWeighted(red, 0.5, blue, -0.5, 128)
    # Where ink is known to be, faint strokes count too: the right tick is 10 levels darker than the smear.
    # Luma, for JPEG keeps its edges sharp and smears color over them.
    drop = cv2.morphologyEx(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.MORPH_BLACKHAT, kernel)
    strokes = ((drop > 8) & (cv2.morphologyEx(warmth, cv2.MORPH_TOPHAT, kernel) > 3)).astype(np.uint8)
    inside = (
        slice(rows.start - first, rows.stop - first),
        slice(columns.start - start, columns.stop - start),
    )
    mask[overlay.box] = strokes[inside]
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)
