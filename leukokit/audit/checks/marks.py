"""Check of burned-in scale bars and labels: find their style in each corner, and compare the classes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, RGBImage
from leukokit.audit.checks.association import Association, category_gain
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped
from leukokit.audit.image_traits import CORNERS, corner_boxes, stroke_window

CHECK = "burned_in_marks"

_SHARE = (
    1 / 4,
    5 / 16,
)  # of height and width; scale bars with labels are larger than the corner of the corner probe
_BLACK_DROP = 60  # black ink is this much darker than its surroundings, in red and in blue
_RED_DROP = 35  # the same for red ink, in blue; less, since JPEG stores color at half resolution
_DARK = 150
_NEUTRAL = 40  # largest spread of R, G and B in black ink
_WARM = 25  # red over the mean of green and blue in red ink
_MIN_INK = 12  # px of ink; the small bars of the paper's data set have 23, corners without a bar at most 3
_LEAST_SHARE = 0.25  # of the ink of a color in the image; of noise, no place has that much
_GAP = 9  # px; letters and ticks of one mark are closer
_HARD = 40  # levels from one pixel to the next; the paper's bars have 46 or more, granules 25
_STEP = 24  # levels; a smaller step is no edge of a stroke
_MIN_STROKES = 2.0  # along a row of letters; the paper's bars have 2.75 and more, granules 1
_LONG = 5  # width of a bar without letters, in heights
_LARGE = 0.045  # height as a share of the image's: the paper's bars have .031 (small) and .071 (large)


class MarkStyle(IntEnum):
    """Style of the mark in a corner."""

    NONE = 0
    BLACK = 1
    LARGE_BLACK = 2
    RED = 3


_NAMES = {
    MarkStyle.NONE: "none",
    MarkStyle.BLACK: "small black",
    MarkStyle.LARGE_BLACK: "large black",
    MarkStyle.RED: "red",
}


def mark_styles(rgb: RGBImage) -> NDArray[np.intp]:
    """Find the style of the mark in each corner.

    Ink has a color that no stain has: black on a white label, or red. Nuclei and platelets are blue to
    purple. It has hard edges, since software draws it while optics blur cells, and forms a row of letters and
    ticks or a line. And it lies in one place: in noise, pixels that look like ink are everywhere.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3
        At working size.

    Returns
    -------
    intp array (4,)
        A ``MarkStyle`` per corner, in the order of ``CORNERS``.
    """
    black, red = _ink(rgb)
    styles = np.full(len(CORNERS), MarkStyle.NONE, dtype=np.intp)
    for ink, is_black in ((red, False), (black, True)):  # black is more certain and replaces red
        least = max(_MIN_INK, _LEAST_SHARE * np.count_nonzero(ink))
        for corner, box in enumerate(corner_boxes(rgb, _SHARE)):
            extent = _drawn_extent(ink[box], np.ascontiguousarray(rgb[box][..., 2]), least)
            if extent is not None:
                large = extent >= _LARGE * rgb.shape[0]
                black_style = MarkStyle.LARGE_BLACK if large else MarkStyle.BLACK
                styles[corner] = black_style if is_black else MarkStyle.RED
    return styles


def _ink(rgb: RGBImage) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels with the color of black and of red ink, thinner than a cell."""
    kernel = np.ones((stroke_window(rgb),) * 2, np.uint8)
    red, green, blue = cv2.split(rgb)
    red_drop, blue_drop = (cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, kernel) for plane in (red, blue))
    brightest = cv2.max(cv2.max(red, green), blue)
    least = cv2.min(cv2.min(red, green), blue)
    black = (red_drop > _BLACK_DROP) & (blue_drop > _BLACK_DROP)
    black &= (brightest < _DARK) & (brightest - least < _NEUTRAL)
    warmth = red.astype(np.int16) - (green.astype(np.int16) + blue) // 2
    return black, (blue_drop > _RED_DROP) & (warmth > _WARM)


def _drawn_extent(ink: NDArray[np.bool_], blue: NDArray[np.uint8], least: float) -> int | None:
    """Height of the ink of a corner, in px, if some of it was drawn: letters with ticks, or a line."""
    if np.count_nonzero(ink) < least:
        return None
    joined = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, _GAP), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined)
    pixels = np.bincount(labels[ink], minlength=count)
    for label in np.flatnonzero(pixels >= least).tolist():
        left, top, width, height = boxes[label, :4].tolist()
        part = blue[top : top + height, max(left - 2, 0) : left + width + 2].astype(np.int16)
        column = blue[max(top - 2, 0) : top + height + 2, left : left + width].astype(np.int16)
        line = width >= _LONG * height and pixels[label] >= width * height / 2
        if (line and _is_hard(np.diff(column, axis=0))) or (
            _is_hard(np.diff(part, axis=1)) and _strokes_per_row(part) >= _MIN_STROKES
        ):
            rows = np.flatnonzero(ink.any(axis=1))
            return int(rows[-1] - rows[0] + 1)
    return None


def _is_hard(jumps: NDArray[np.int16]) -> bool:
    return bool(jumps.size) and float(np.quantile(np.abs(jumps), 0.9)) >= _HARD


def _strokes_per_row(rows: NDArray[np.int16]) -> float:
    """Dark strokes along a row: falling edges that a rising one follows; mean of the four rows with most."""
    counts = []
    for row in np.diff(rows, axis=1):
        edges = np.sign(row[np.abs(row) >= _STEP])
        counts.append(int(np.count_nonzero((edges[:-1] < 0) & (edges[1:] > 0))))
    return float(np.mean(sorted(counts)[-4:]))


def burned_in_marks(
    styles: NDArray[np.intp],
    foreground: FloatArray,
    labels: Sequence[str],
    units: Sequence[str],
    limit: Limit,
    *,
    seed: int,
) -> CheckFinding:
    """Check whether the style of burned-in marks depends on the class.

    Parameters
    ----------
    styles : intp array (n, 4)
        As ``mark_styles`` gives them.
    foreground : float64 array (n,)
        Share of pixels that are not black.
    labels, units : sequence of str (n,)
        Class and group of each image.
    limit : Limit
        Limit of the gain over chance when the class is guessed from the style, in the corner where that gain
        is largest, as a share of the possible gain.
    """
    if np.median(foreground) < 0.5:
        return skipped(
            CHECK,
            "the background was blanked, so dark marks cannot be detected",
            "Audit the original photographs; the corner probe still checks these images.",
        )
    marked = styles > 0
    if not marked.any():
        title = "no image has a scale bar or label in a corner"
        return CheckFinding(CHECK, limit.level(0), title, "Nothing to do.", 0.0, "share", limit)
    by_corner = [
        (category_gain([str(style) for style in styles[:, i]], labels, units, seed=seed), i)
        for i in range(len(CORNERS))
        if marked[:, i].any()
    ]
    best, corner = max(by_corner, key=lambda pair: pair[0].effect)
    level = best.level(limit)
    share = marked[:, corner].mean()
    title = f"{share:.0%} of images have a scale bar or label {CORNERS[corner]}{_association_text(best)}"
    text = (
        "A classifier can learn the class from the marks instead of the cells. Hide the marks (preprocess: "
        "hide_scale_bar) or crop them, and compare the scores with and without them."
        if level.rank > 1
        else "The marks do not predict the class; hiding them (preprocess: hide_scale_bar) does no harm."
    )
    return CheckFinding(
        CHECK,
        level,
        title,
        text,
        best.effect,
        "share",
        limit,
        table=_table(styles[:, corner], labels, corner),
    )


def _association_text(association: Association) -> str:
    return (
        f"; its style predicts the class with {association.effect:.0%} of the possible gain over chance"
        if association.significant
        else ""
    )


def _table(styles: NDArray[np.intp], labels: Sequence[str], corner: int) -> CheckTable:
    names = np.asarray(labels)
    rows: list[tuple[TableCell, ...]] = [
        (
            str(label),
            *(round(float(np.mean(styles[names == label] == style)), 4) for style in MarkStyle),
        )
        for label in np.unique(names)
    ]
    return CheckTable((f"{CORNERS[corner]}, share of", *_NAMES.values()), tuple(rows))
