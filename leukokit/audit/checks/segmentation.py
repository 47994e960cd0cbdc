"""Checks of images without usable cells, by class: a classifier could learn these failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Status
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, skipped

EMPTY = "empty_foreground"
FAILURES = "segmentation_failures"
IMPLAUSIBLE = "implausible_segmentation"
NEARLY_EMPTY = 0.01
"""An image with less than this share of pixels that are not black is nearly empty."""


def empty_foreground(
    foreground: FloatArray, labels: Sequence[str], ids: Sequence[str], limit: Limit
) -> CheckFinding:
    """Find images that are almost entirely black, where the background was blanked.

    Parameters
    ----------
    foreground : float64 array (n,)
        Share of pixels that are not black.
    labels, ids : sequence of str (n,)
    limit : Limit
        Limit of the share of nearly empty images in the class that has the largest.
    """
    empty = foreground < NEARLY_EMPTY
    if not empty.any():
        title = "no image is almost entirely black"
        return CheckFinding(EMPTY, limit.level(0), title, "Nothing to do.", 0.0, "share", limit)
    worst, value, rows = _by_class(empty, labels)
    level = limit.level(value)
    names = np.asarray(labels)
    medians = tuple((*row, round(float(np.median(foreground[names == row[0]])), 4)) for row in rows)
    title = (
        f"{value:.0%} of {worst} and {empty.mean():.0%} of all images show less than "
        f"{NEARLY_EMPTY:.0%} foreground"
    )
    text = (
        f"The segmentation that made these images found no cell there, so a classifier can learn that an "
        f"empty image means {worst}. Segment again, or leave such images out of every class."
    )
    return CheckFinding(
        EMPTY,
        level,
        title,
        text,
        value,
        "share",
        limit,
        images=tuple(np.asarray(ids)[empty].tolist()),
        table=CheckTable(("class", "images", "nearly empty", "share", "median foreground"), medians),
    )


def segmentation_failures(
    status: Sequence[Status], labels: Sequence[str], ids: Sequence[str], limit: Limit
) -> CheckFinding:
    """Count the images in which the segmenter found no usable cell.

    Parameters
    ----------
    status : sequence of Status (n,)
    labels, ids : sequence of str (n,)
    limit : Limit
        Limit of the share of failures in the class that has the largest.
    """
    failed = np.array([outcome is not Status.OK for outcome in status])
    if not len(failed):
        return skipped(
            FAILURES, "no image was segmented", "The recipe has no segmenter, or no image came through."
        )
    worst, value, rows = _by_class(failed, labels)
    level = limit.level(value)
    kinds = [kind for kind in Status if kind is not Status.OK]
    counts = Counter(zip(labels, status, strict=True))
    table = CheckTable(
        ("class", "images", "failed", "share", *(kind.value for kind in kinds)),
        tuple((*row, *(counts[str(row[0]), kind] for kind in kinds)) for row in rows),
    )
    if not failed.any():
        title, text = "the segmenter found a cell in every image", "Nothing to do."
    else:
        title = f"segmentation failed in {value:.0%} of {worst} and in {failed.mean():.1%} of all images"
        text = (
            f"Where it fails, features are missing, and that alone can predict {worst}. Check the listed "
            "images, try other parameters or another segmenter, and see the probe of missing features."
        )
    return CheckFinding(
        FAILURES,
        level,
        title,
        text,
        value,
        "share",
        limit,
        images=tuple(np.asarray(ids)[failed].tolist()),
        table=table,
    )


def implausible_segmentation(
    status: Sequence[Status], labels: Sequence[str], ids: Sequence[str], limit: Limit
) -> CheckFinding:
    """Count the images in which the segmented nuclei are not stained like nuclei.

    Parameters
    ----------
    status : sequence of Status (n,)
    labels, ids : sequence of str (n,)
    limit : Limit
        Limit of the share of such images in the class that has the largest.
    """
    if not len(status):
        return skipped(
            IMPLAUSIBLE, "no image was segmented", "The recipe has no segmenter, or no image came through."
        )
    wrong = np.array([outcome is Status.IMPLAUSIBLE for outcome in status])
    if not wrong.any():
        title = "segmented nuclei are stained like nuclei in every image"
        return CheckFinding(IMPLAUSIBLE, limit.level(0), title, "Nothing to do.", 0.0, "share", limit)
    worst, value, rows = _by_class(wrong, labels)
    return CheckFinding(
        IMPLAUSIBLE,
        limit.level(value),
        f"segmented nuclei are not stained like nuclei in {value:.0%} of {worst} and in "
        f"{wrong.mean():.1%} of all images",
        "What is labeled as nucleus is no darker or more purple than the rest of the image; often it is red "
        f"cells. Nothing is measured there, so features of {worst} are missing, and that alone can predict "
        f"{worst}. Check the listed images and use another segmenter, or another rule of this one "
        "(kmeans_watershed: cluster_rule).",
        value,
        "share",
        limit,
        images=tuple(np.asarray(ids)[wrong].tolist()),
        table=CheckTable(("class", "images", "implausible", "share"), tuple(rows)),
    )


def _by_class(
    hit: NDArray[np.bool_], labels: Sequence[str]
) -> tuple[str, float, list[tuple[str, int, int, float]]]:
    """Class with the largest share of hits, that share, and one table row per class."""
    names = np.asarray(labels)
    rows = [
        (
            str(name),
            int(np.count_nonzero(names == name)),
            int(np.count_nonzero(hit[names == name])),
            round(float(hit[names == name].mean()), 4),
        )
        for name in np.unique(names)
    ]
    worst = max(rows, key=lambda row: row[3])
    return worst[0], worst[3], rows
