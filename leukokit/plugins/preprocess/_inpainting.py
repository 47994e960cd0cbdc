"""Inpainting: thin strokes from their edges, rectangles with background of the same image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Mask, RGBImage

_TINT_WIDTH = 2  # px beside a stroke that are tinted by it
_TINT_KERNEL = 7  # px; narrower maxima of color beside a stroke are its tint
_COLOR_NOISE = 3  # levels of color difference that may be noise
_MAX_NOISE = 8  # levels; larger differences are structure
_RING_WIDTH = 4  # px around a rectangle in which a patch is compared
_SEAM_WIDTH = 2  # px next to the rectangle to which colors are adjusted
_MIN_PURPLE = 25  # levels by which both red and blue exceed green in stained nuclei and granules
_MAX_PURPLE_SHARE = 0.01  # largest share of a patch


def inpaint_strokes(image: RGBImage, strokes: NDArray[np.uint8]) -> None:
    """Inpaint thin strokes from their edges, in place.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Changed in the strokes and up to 2 px around them.
    strokes : uint8 array, H x W
        Nonzero where to paint.

    Notes
    -----
    Fast marching method, Telea 2004, doi 10.1080/10867651.2004.10487596.
    """
    if not strokes.any():
        return
    left, top, width, height = cv2.boundingRect(strokes)
    margin = 8
    rows = slice(max(top - margin, 0), top + height + margin)
    columns = slice(max(left - margin, 0), left + width + margin)
    hole = np.ascontiguousarray(strokes[rows, columns])
    part = np.ascontiguousarray(image[rows, columns])
    grain = _noise_beside(image, strokes, part.shape[0])[: part.shape[0], columns]
    # JPEG stores color at half resolution, so strokes redden the pixels beside them. After a first inpainting
    # this tint is a narrow maximum of Cr and a narrow minimum of Cb, which is removed before the second one.
    luma, red, blue = cv2.split(
        cv2.cvtColor(cv2.inpaint(part, hole, 3, cv2.INPAINT_TELEA), cv2.COLOR_RGB2YCrCb)
    )
    kernel = np.ones((_TINT_KERNEL, _TINT_KERNEL), np.uint8)
    opened = cv2.morphologyEx(red, cv2.MORPH_OPEN, kernel)
    filled = cv2.morphologyEx(blue, cv2.MORPH_CLOSE, kernel)
    # Limited to bytes before adding the tolerance: red strokes may have 255.
    corrected_red = np.minimum(red, np.minimum(opened, 255 - _COLOR_NOISE) + _COLOR_NOISE)
    corrected_blue = np.maximum(blue, np.maximum(filled, _COLOR_NOISE) - _COLOR_NOISE)
    corrected = cv2.cvtColor(cv2.merge((luma, corrected_red, corrected_blue)), cv2.COLOR_YCrCb2RGB)
    beside = cv2.dilate(hole, np.ones((2 * _TINT_WIDTH + 1, 2 * _TINT_WIDTH + 1), np.uint8)) > 0
    tinted = beside & ((red > corrected_red) | (blue < corrected_blue))
    part[tinted] = corrected[tinted]
    closed = cv2.inpaint(part, hole, 3, cv2.INPAINT_TELEA).astype(np.float64) + grain * (hole > 0)[..., None]
    image[rows, columns] = np.clip(np.rint(closed), 0, 255).astype(np.uint8)


def _noise_beside(image: RGBImage, strokes: NDArray[np.uint8], height: int) -> FloatArray:
    """Noise of the rows just above the strokes (below them at the upper border), float64 height x W x 3.

    It is added to inpainted pixels, which would be smoother than those of a camera.
    """
    _, top, _, tall = cv2.boundingRect(strokes)
    start = top - height if top >= height else min(top + tall, max(image.shape[0] - height, 0))
    rows = np.ascontiguousarray(image[start : start + height]).astype(np.float64)
    noise = rows - cv2.GaussianBlur(rows, (0, 0), 1.0)
    # Leave out edges of cells.
    noise[np.abs(noise).max(axis=2) > _MAX_NOISE] = 0
    missing = height - noise.shape[0]
    return np.asarray(np.pad(noise, ((0, missing), (0, 0), (0, 0))), dtype=np.float64)


def fill_rectangle(
    image: RGBImage, box: tuple[slice, slice], excluded: NDArray[np.uint8], *, texture: bool
) -> None:
    """Fill a rectangle with background, in place.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Changed inside the box and up to 2 px around it.
    box : tuple of slice
        Rows and columns of the rectangle.
    excluded : uint8 array, H x W
        1 where no patch may be taken from: all pixels that are painted over.
    texture : bool
        True: copy the patch of the same image whose surroundings match best and that has no nuclei, and
        adjust its colors to those at the edges. False, or where there is no such patch: interpolate colors
        from the edges.
    """
    rows, columns = box
    top, left = max(rows.start - _RING_WIDTH, 0), max(columns.start - _RING_WIDTH, 0)
    window = (slice(top, rows.stop + _RING_WIDTH), slice(left, columns.stop + _RING_WIDTH))
    target = np.ascontiguousarray(image[window])
    distance = _distance_to_box(target.shape[0], target.shape[1], rows, columns, top, left)
    ring = distance > 0
    if not ring.any():
        return  # the box is the whole image
    patch = _best_patch(image, target, ring, excluded) if texture else None
    base = np.zeros(target.shape) if patch is None else patch.astype(np.float64)
    seam = ring & (distance <= _SEAM_WIDTH)
    filled = base + _interpolate(target - base, seam)
    # Blended over the seam: even a very low step would be visible in the mean of many images.
    share = np.clip(1 - distance / (_SEAM_WIDTH + 1), 0, 1)[..., None]
    image[window] = np.clip(np.rint(target + share * (filled - target)), 0, 255).astype(np.uint8)


def _distance_to_box(
    height: int, width: int, rows: slice, columns: slice, top: int, left: int
) -> NDArray[np.int64]:
    """Chessboard distance of each pixel of the surroundings to the box, 0 inside."""
    y, x = np.arange(top, top + height)[:, None], np.arange(left, left + width)[None, :]
    vertical = np.maximum(np.maximum(rows.start - y, y - rows.stop + 1), 0)
    horizontal = np.maximum(np.maximum(columns.start - x, x - columns.stop + 1), 0)
    distance: NDArray[np.int64] = np.maximum(vertical, horizontal)
    return distance


def _best_patch(
    image: RGBImage, target: RGBImage, ring: Mask, excluded: NDArray[np.uint8]
) -> RGBImage | None:
    """Copy the patch whose ring differs least from the target's; None where all overlap ``excluded``."""
    height, width = ring.shape
    free = _window_sum(excluded, height, width) == 0
    if not free.any():
        return None
    # A copied nucleus would be a cell that is not there; red cells and plasma are background.
    purple = _window_sum(_purple(image), height, width) / (height * width)
    suitable = free & (purple <= max(_MAX_PURPLE_SHARE, float(purple[free].min())))
    # First at half the resolution and every second position, 1/16 of the work; then the neighbors of the
    # best.
    rows, columns = np.nonzero(suitable[::2, ::2])
    if len(rows):
        coarse = _mismatch(image[::2, ::2], target[::2, ::2], ring[::2, ::2])
        best = int(np.argmin(coarse[rows, columns]))
        row, column = 2 * int(rows[best]), 2 * int(columns[best])
    else:
        row, column = (int(index) for index in np.argwhere(suitable)[0])
    window = [
        (y, x)
        for y in range(max(row - 1, 0), min(row + 2, suitable.shape[0]))
        for x in range(max(column - 1, 0), min(column + 2, suitable.shape[1]))
        if suitable[y, x]
    ]
    target_ring = target[ring].astype(np.int32)
    errors = [
        int(np.square(image[y : y + height, x : x + width][ring] - target_ring).sum()) for y, x in window
    ]
    row, column = window[int(np.argmin(errors))]
    return image[row : row + height, column : column + width].copy()


def _mismatch(image: RGBImage, target: RGBImage, ring: Mask) -> NDArray[np.float32]:
    """Sum of squared differences over the ring, for each position of the target in the image."""
    weights = np.repeat(ring[..., None].astype(np.uint8), 3, axis=2)
    image, target = np.ascontiguousarray(image), np.ascontiguousarray(target)
    return np.asarray(cv2.matchTemplate(image, target, cv2.TM_SQDIFF, mask=weights), dtype=np.float32)


def _purple(image: RGBImage) -> NDArray[np.uint8]:
    red, green, blue = cv2.split(image)
    return (cv2.subtract(cv2.min(red, blue), green) > _MIN_PURPLE).astype(np.uint8)


def _window_sum(mask: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int32]:
    """Sum of the mask in the window that starts at each pixel, for all windows inside the image."""
    total: NDArray[np.int32] = np.asarray(cv2.integral(mask), dtype=np.int32)
    below, above = total[height:], total[:-height]
    sums: NDArray[np.int32] = below[:, width:] - above[:, width:] - below[:, :-width] + above[:, :-width]
    return sums


def _interpolate(values: FloatArray, known: Mask) -> FloatArray:
    """Interpolate values known at some pixels to all pixels, weighted by the inverse cube of the distance."""
    height, width = known.shape
    y, x = np.mgrid[-height + 1 : height, -width + 1 : width]
    squared = (x * x + y * y).astype(np.float64)
    squared[height - 1, width - 1] = 0.25
    kernel = squared**-1.5
    weights = known.astype(np.float64)
    stacked = np.dstack([values * weights[..., None], weights])
    spread = cv2.filter2D(stacked, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT)
    return np.divide(spread[..., :3], spread[..., 3:], dtype=np.float64)
