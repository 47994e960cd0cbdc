"""Agreement of label images with expert outlines: Dice, IoU and object counts, by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from leukokit.api import LabelImage, Labels, LeukokitError, Mask, Status

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, float | int | bool | str]
"""Scores of one image: ``status``, and ``<role>_dice``, ``_iou``, ``_found``, ``_true``, ``_failed``."""


def dice(segmented: Mask, true: Mask) -> float:
    """Dice coefficient, ``2 |A and B| / (|A| + |B|)`` (doi 10.2307/1932409).

    Parameters
    ----------
    segmented, true : bool arrays of one shape

    Returns
    -------
    float
        0..1. NaN where both are empty, since a 1 would raise the mean without any agreement.

    Raises
    ------
    LeukokitError
        Where the shapes differ.
    """
    both, in_segmented, in_true = _areas(segmented, true)
    total = in_segmented + in_true
    return 2 * both / total if total else float("nan")


def iou(segmented: Mask, true: Mask) -> float:
    """Intersection over union (Jaccard), ``|A and B| / |A or B|``; otherwise as :func:`dice`."""
    both, in_segmented, in_true = _areas(segmented, true)
    union = in_segmented + in_true - both
    return both / union if union else float("nan")


def count_objects(labels: LabelImage) -> int:
    """Count the different ids above 0."""
    return int(np.count_nonzero(np.unique(labels) > 0))


def score_image(labels: Labels, truth: Labels) -> Row:
    """Score one image in every role that both have.

    A role is *failed* where the truth has objects and the segmenter reported a status without cells or
    returned no object of that role; Dice and IoU are still computed from the masks and usually 0. Objects
    where the truth is empty score 0 and are no failure. Where both are empty, the scores are NaN.

    Parameters
    ----------
    labels, truth : Labels
        Label images of one shape.

    Returns
    -------
    Row
        ``status``, and for each role ``<role>_dice``, ``<role>_iou`` (0..1 or NaN), ``<role>_found`` and
        ``<role>_true`` (objects), ``<role>_failed``.

    Raises
    ------
    LeukokitError
        Where they share no role, or shapes differ.
    """
    roles = [role for role in truth.roles if role in labels.roles]
    if not roles:
        raise LeukokitError(
            f"nothing to compare: the truth has {', '.join(truth.roles) or 'no role'}, "
            f"the segmentation {', '.join(labels.roles) or 'no role'}"
        )
    row: Row = {"status": str(labels.status)}
    for role in roles:
        found_mask, true_mask = labels.roles[role] > 0, truth.roles[role] > 0
        row[f"{role}_dice"] = dice(found_mask, true_mask)
        row[f"{role}_iou"] = iou(found_mask, true_mask)
        row[f"{role}_found"] = count_objects(labels.roles[role])
        row[f"{role}_true"] = count_objects(truth.roles[role])
        nothing = labels.status is not Status.OK or not found_mask.any()
        row[f"{role}_failed"] = bool(true_mask.any() and nothing)
    return row


def score_table(rows: Mapping[str, Row]) -> pd.DataFrame:
    """Scores of many images: one row a sample id, in the order given."""
    import pandas as pd

    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="id"))


def summarize(table: pd.DataFrame) -> pd.DataFrame:
    """Summarize a table of :func:`score_table`.

    Parameters
    ----------
    table : DataFrame
        One row an image.

    Returns
    -------
    DataFrame
        One row a role: ``images`` (with a defined score: truth or segmentation has something), ``failures``,
        mean, median and 10th percentile of ``dice`` and ``iou`` over these images, failures included
        (``dice_mean`` ...; NaN where there are none), ``objects_found``, ``objects_true`` (sums) and
        ``count_error`` (mean absolute difference of the objects of one image).
    """
    import pandas as pd

    suffix = "_dice"
    roles = [str(column)[: -len(suffix)] for column in table.columns if str(column).endswith(suffix)]
    return pd.DataFrame({role: _summary(table, role) for role in roles}).T.rename_axis("role")


def _summary(table: pd.DataFrame, role: str) -> dict[str, float]:
    n_segmented, n_true = table[f"{role}_found"], table[f"{role}_true"]
    row = {
        "images": float(table[f"{role}_dice"].notna().sum()),
        "failures": float(table[f"{role}_failed"].sum()),
    }
    for score in ("dice", "iou"):
        values = table[f"{role}_{score}"].dropna()
        row[f"{score}_mean"] = float(values.mean())
        row[f"{score}_median"] = float(values.median())
        row[f"{score}_p10"] = float(values.quantile(0.1))
    row["objects_found"], row["objects_true"] = float(n_segmented.sum()), float(n_true.sum())
    row["count_error"] = float((n_segmented - n_true).abs().mean())
    return row


def _areas(segmented: Mask, true: Mask) -> tuple[int, int, int]:
    if segmented.shape != true.shape:
        raise LeukokitError(f"masks of different shapes: found {segmented.shape}, truth {true.shape}")
    return (
        int(np.count_nonzero(segmented & true)),
        int(np.count_nonzero(segmented)),
        int(np.count_nonzero(true)),
    )
