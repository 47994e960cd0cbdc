"""Painting over a part of a smear so that it does not stand out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Mask, RGBImage

_TINT = 2  # px beside ink whose color it tints
_STAIN = 7  # px; crests of color narrower than this beside ink are its tint
_CREST = 3  # levels of color difference that may be noise
_GRAIN = 8  # levels; more is structure
_RING = 4  # px around a rectangle that a patch must match
_SEAM = 2  # px next to the rectangle that its colors must meet
_PURPLE = 25  # levels by which both red and blue exceed green in stained nuclei and granules
_MOST_PURPLE = 0.01  # share of a patch


def close_strokes(image: RGBImage, strokes: NDArray[np.uint8]) -> None:
    """Close thin strokes from their edges, in place.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Written to, up to 2 px around the strokes.
    strokes : uint8 array, H x W
        Other than 0 where to paint.

    Notes
    -----
    Fast marching, Telea 2004, doi 10.1080/10867651.2004.10487596.
    """
    if not strokes.any():
        return
    left, top, width, height = cv2.boundingRect(strokes)
    margin = 8
    rows = slice(max(top - margin, 0), top + height + margin)
    columns = slice(max(left - margin, 0), left + width + margin)
    hole = np.ascontiguousarray(strokes[rows, columns])
    part = np.ascontiguousarray(image[rows, columns])
    grain = _grain_near(image, strokes, part.shape[0])[: part.shape[0], columns]
    # JPEG stores color at half resolution: ink reddens what is beside it. With the ink gone, that is a narrow
    # crest of red difference and a narrow trough of blue difference; the strokes must not be closed from it.
    luma, red, blue = cv2.split(
        cv2.cvtColor(cv2.inpaint(part, hole, 3, cv2.INPAINT_TELEA), cv2.COLOR_RGB2YCrCb)
    )
    kernel = np.ones((_STAIN, _STAIN), np.uint8)
    opened = cv2.morphologyEx(red, cv2.MORPH_OPEN, kernel)
    filled = cv2.morphologyEx(blue, cv2.MORPH_CLOSE, kernel)
    # Kept within bytes before the noise is allowed for: red ink alone may lie at 255.
    calm_red = np.minimum(red, np.minimum(opened, 255 - _CREST) + _CREST)
    calm_blue = np.maximum(blue, np.maximum(filled, _CREST) - _CREST)
    calm = cv2.cvtColor(cv2.merge((luma, calm_red, calm_blue)), cv2.COLOR_YCrCb2RGB)
    beside = cv2.dilate(hole, np.ones((2 * _TINT + 1, 2 * _TINT + 1), np.uint8)) > 0
    tinted = beside & ((red > calm_red) | (blue < calm_blue))
    part[tinted] = calm[tinted]
    closed = cv2.inpaint(part, hole, 3, cv2.INPAINT_TELEA).astype(np.float64) + grain * (hole > 0)[..., None]
    image[rows, columns] = np.clip(np.rint(closed), 0, 255).astype(np.uint8)


def _grain_near(image: RGBImage, strokes: NDArray[np.uint8], height: int) -> FloatArray:
    """Noise of the rows just above the strokes, or just below at the upper rim, float64 height x W x 3.

    Closing gives smooth pixels; a camera does not.
    """
    _, top, _, tall = cv2.boundingRect(strokes)
    start = top - height if top >= height else min(top + tall, max(image.shape[0] - height, 0))
    rows = np.ascontiguousarray(image[start : start + height]).astype(np.float64)
    noise = rows - cv2.GaussianBlur(rows, (0, 0), 1.0)
    # Edges of cells are no noise.
    noise[np.abs(noise).max(axis=2) > _GRAIN] = 0
    missing = height - noise.shape[0]
    return np.asarray(np.pad(noise, ((0, missing), (0, 0), (0, 0))), dtype=np.float64)


def fill_rectangle(
    image: RGBImage, box: tuple[slice, slice], banned: NDArray[np.uint8], *, texture: bool
) -> None:
    """Fill a rectangle with background, in place.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Written to inside the box and up to 2 px around it.
    box : tuple of slice
        Rows and columns of the rectangle.
    banned : uint8 array, H x W
        1 where no patch may be taken from: everything that is to be painted over.
    texture : bool
        True: copy the patch of the same image whose surroundings match best, without stained nuclei, and
        shift its colors so that they meet the edges. False, or where the image offers no patch: colors
        interpolated from the edges.
    """
    rows, columns = box
    top, left = max(rows.start - _RING, 0), max(columns.start - _RING, 0)
    around = (slice(top, rows.stop + _RING), slice(left, columns.stop + _RING))
    target = np.ascontiguousarray(image[around])
    distance = _distance_to_box(target.shape[0], target.shape[1], rows, columns, top, left)
    ring = distance > 0
    if not ring.any():
        return  # the box is the whole image
    patch = _best_patch(image, target, ring, banned) if texture else None
    base = np.zeros(target.shape) if patch is None else patch.astype(np.float64)
    seam = ring & (distance <= _SEAM)
    filled = base + _spread(target - base, seam)
    # Full inside, fading out over the seam: a straight step, however low, shows on the mean of many images.
    share = np.clip(1 - distance / (_SEAM + 1), 0, 1)[..., None]
    image[around] = np.clip(np.rint(target + share * (filled - target)), 0, 255).astype(np.uint8)


def _distance_to_box(
    height: int, width: int, rows: slice, columns: slice, top: int, left: int
) -> NDArray[np.int64]:
    """Chessboard distance of each pixel of the surroundings to the box, 0 inside."""
    y, x = np.arange(top, top + height)[:, None], np.arange(left, left + width)[None, :]
    vertical = np.maximum(np.maximum(rows.start - y, y - rows.stop + 1), 0)
    horizontal = np.maximum(np.maximum(columns.start - x, x - columns.stop + 1), 0)
    distance: NDArray[np.int64] = np.maximum(vertical, horizontal)
    return distance


def _best_patch(image: RGBImage, target: RGBImage, ring: Mask, banned: NDArray[np.uint8]) -> RGBImage | None:
    """Copy the patch whose ring differs least from the target's; None where all overlap what is banned."""
    height, width = ring.shape
    free = _window_sum(banned, height, width) == 0
    if not free.any():
        return None
    # A nucleus copied into the hole would be a cell that is not there; red cells and plasma are background.
    purple = _window_sum(_purple(image), height, width) / (height * width)
    fit = free & (purple <= max(_MOST_PURPLE, float(purple[free].min())))
    # Every second row and column of everything first, a quarter of a quarter of the work, then the neighbors.
    rows, columns = np.nonzero(fit[::2, ::2])
    if len(rows):
        coarse = _mismatch(image[::2, ::2], target[::2, ::2], ring[::2, ::2])
        best = int(np.argmin(coarse[rows, columns]))
        row, column = 2 * int(rows[best]), 2 * int(columns[best])
    else:
        row, column = (int(index) for index in np.argwhere(fit)[0])
    around = [
        (y, x)
        for y in range(max(row - 1, 0), min(row + 2, fit.shape[0]))
        for x in range(max(column - 1, 0), min(column + 2, fit.shape[1]))
        if fit[y, x]
    ]
    wanted = target[ring].astype(np.int32)
    errors = [int(np.square(image[y : y + height, x : x + width][ring] - wanted).sum()) for y, x in around]
    row, column = around[int(np.argmin(errors))]
    return image[row : row + height, column : column + width].copy()


def _mismatch(image: RGBImage, target: RGBImage, ring: Mask) -> NDArray[np.float32]:
    """Sum of squared differences over the ring, for each place of the target in the image."""
    weights = np.repeat(ring[..., None].astype(np.uint8), 3, axis=2)
    image, target = np.ascontiguousarray(image), np.ascontiguousarray(target)
    return np.asarray(cv2.matchTemplate(image, target, cv2.TM_SQDIFF, mask=weights), dtype=np.float32)


def _purple(image: RGBImage) -> NDArray[np.uint8]:
    red, green, blue = cv2.split(image)
    return (cv2.subtract(cv2.min(red, blue), green) > _PURPLE).astype(np.uint8)


def _window_sum(mask: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int32]:
    """Sum of the mask in the window that starts at each pixel, as far as windows fit."""
    total: NDArray[np.int32] = np.asarray(cv2.integral(mask), dtype=np.int32)
    below, above = total[height:], total[:-height]
    sums: NDArray[np.int32] = below[:, width:] - above[:, width:] - below[:, :-width] + above[:, :-width]
    return sums


def _spread(values: FloatArray, known: Mask) -> FloatArray:
    """Interpolate values given at some pixels to all, weighted by the inverse cube of the distance."""
    height, width = known.shape
    y, x = np.mgrid[-height + 1 : height, -width + 1 : width]
    squared = (x * x + y * y).astype(np.float64)
    squared[height - 1, width - 1] = 0.25
    kernel = squared**-1.5
    weights = known.astype(np.float64)
    stacked = np.dstack([values * weights[..., None], weights])
    spread = cv2.filter2D(stacked, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT)
    return np.divide(spread[..., :3], spread[..., 3:], dtype=np.float64)
