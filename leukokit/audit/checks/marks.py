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

    Ink has hard edges and a color that no stain has: black on a white label, or red. Nuclei and platelets are
    blue to purple.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3
        At working size.

    Returns
    -------
    intp array (4,)
        A ``MarkStyle`` per corner, in the order of ``CORNERS``.
    """
    return np.array([_style(rgb[box], rgb) for box in corner_boxes(rgb, _SHARE)], dtype=np.intp)


def _style(corner: RGBImage, image: RGBImage) -> MarkStyle:
    kernel = np.ones((stroke_window(image),) * 2, np.uint8)
    red, green, blue = cv2.split(np.ascontiguousarray(corner))
    red_drop, blue_drop = (cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, kernel) for plane in (red, blue))
    brightest = cv2.max(cv2.max(red, green), blue)
    least = cv2.min(cv2.min(red, green), blue)
    black = (red_drop > _BLACK_DROP) & (blue_drop > _BLACK_DROP)
    black &= (brightest < _DARK) & (brightest - least < _NEUTRAL)
    if np.count_nonzero(black) >= _MIN_INK:
        rows = np.flatnonzero(black.any(axis=1))
        large = rows[-1] - rows[0] + 1 >= _LARGE * image.shape[0]
        return MarkStyle.LARGE_BLACK if large else MarkStyle.BLACK
    warmth = red.astype(np.int16) - (green.astype(np.int16) + blue) // 2
    inked = (blue_drop > _RED_DROP) & (warmth > _WARM)
    return MarkStyle.RED if np.count_nonzero(inked) >= _MIN_INK else MarkStyle.NONE


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
