"""Agreement of label images with expert outlines: Dice, IoU and objects, by role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, LabelImage, Labels, LeukokitError, Mask, Status
from leukokit.evaluation.objects import ids_at_border, ids_mostly_on, match_objects, without_ids

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, float | int | bool | str]
"""Scores of one image: ``status``, and those of :func:`score_image` for each role."""

_WHITE_CELL = (NUCLEUS, CELL)
"""Roles that share their ids."""


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


def score_image(labels: Labels, truth: Labels, *, clears_border: bool = False) -> Row:
    """Score one image in every role that both have.

    A role is *failed* where the truth has objects and the segmenter reported a status without cells or
    returned no object of that role; Dice and IoU are still computed from the masks and usually 0. Objects
    where the truth is empty score 0 and are no failure. Where both are empty, the scores are NaN. Objects of
    a segmentation whose status is not ``ok`` match nothing.

    Parameters
    ----------
    labels, truth : Labels
        Label images of one shape.
    clears_border : bool
        True where the segmenter leaves out white cells that touch the border of the image. True cells that
        touch it, and objects of the segmentation that mostly lie in one, are then not counted as objects.

    Returns
    -------
    Row
        ``status``, and for each role ``<role>_dice``, ``<role>_iou`` (0..1 or NaN), ``<role>_found`` and
        ``<role>_true`` (objects), ``<role>_failed``; then the objects as
        :class:`leukokit.evaluation.objects.ObjectCounts` counts them: ``<role>_matched``, ``_missed``,
        ``_extra``, ``_matched_mean`` and ``_matched_iou``.

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
    at_border = _white_cells_at_border(truth) if clears_border else np.empty(0, np.int32)
    for role in roles:
        found_mask, true_mask = labels.roles[role] > 0, truth.roles[role] > 0
        row[f"{role}_dice"] = dice(found_mask, true_mask)
        row[f"{role}_iou"] = iou(found_mask, true_mask)
        row[f"{role}_found"] = count_objects(labels.roles[role])
        row[f"{role}_true"] = count_objects(truth.roles[role])
        nothing = labels.status is not Status.OK or not found_mask.any()
        row[f"{role}_failed"] = bool(true_mask.any() and nothing)
        left_out = at_border if role in _WHITE_CELL else np.empty(0, np.int32)
        usable = labels.roles[role] if labels.status is Status.OK else np.zeros_like(labels.roles[role])
        row |= _object_scores(role, usable, truth.roles[role], left_out)
    return row


def _white_cells_at_border(truth: Labels) -> NDArray[np.int32]:
    """Ids of white cells that touch the border with their cytoplasm or, where only that is known, nucleus."""
    outline = next((truth.roles[role] for role in (CELL, NUCLEUS) if role in truth.roles), None)
    return np.empty(0, np.int32) if outline is None else ids_at_border(outline)


def _object_scores(role: str, found: LabelImage, true: LabelImage, left_out: NDArray[np.int32]) -> Row:
    if len(left_out):
        found = without_ids(found, ids_mostly_on(found, np.isin(true, left_out)))
        true = without_ids(true, left_out)
    counts = match_objects(found, true)
    return {f"{role}_{name}": value for name, value in asdict(counts).items()}


def score_table(rows: Mapping[str, Row]) -> pd.DataFrame:
    """Scores of many images: one row a sample id, in the order given; NaN where a role has no truth."""
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
        (``dice_mean`` ...; NaN where there are none), ``objects_found``, ``objects_true`` (sums),
        ``count_error`` (mean absolute difference of the objects of one image, without those at the border
        where the segmenter leaves them out). Of a role that is scored by boxes (``cell_box``), ``images`` are
        those with objects, and Dice and IoU are missing. Over the objects of all images, at an IoU of .5:
        ``recall``, ``precision``, ``f1`` and ``panoptic_quality`` (Kirillov et al., doi
        10.1109/CVPR.2019.00963); ``f1_50_95``, the mean of F1 over IoU .5 to .95. NaN where there are no
        objects.
    """
    import pandas as pd

    suffix = "_true"
    roles = [str(column)[: -len(suffix)] for column in table.columns if str(column).endswith(suffix)]
    return pd.DataFrame({role: _summary(table, role) for role in roles}).T.rename_axis("role")


def summarize_by_class(table: pd.DataFrame, labels: Mapping[str, str | None]) -> dict[str, pd.DataFrame]:
    """Summarize a table of :func:`score_table` for each class; images without a class are left out.

    Parameters
    ----------
    table : DataFrame
        One row an image.
    labels : mapping of sample id to class

    Returns
    -------
    dict of class to DataFrame
        As :func:`summarize` gives it, in the order of the classes' names.
    """
    import pandas as pd

    classes = pd.Series([labels[name] for name in table.index], index=table.index, dtype=object)
    return {str(label): summarize(part) for label, part in table.groupby(classes, sort=True)}


def _summary(table: pd.DataFrame, role: str) -> dict[str, float]:
    n_segmented, n_true = table[f"{role}_found"], table[f"{role}_true"]
    outlined = f"{role}_dice" in table.columns
    defined = table[f"{role}_dice"].notna() if outlined else n_segmented + n_true > 0
    row = {"images": float(defined.sum()), "failures": float(table[f"{role}_failed"].sum())}
    for score in ("dice", "iou") if outlined else ():
        values = table[f"{role}_{score}"].dropna()
        row[f"{score}_mean"] = float(values.mean())
        row[f"{score}_median"] = float(values.median())
        row[f"{score}_p10"] = float(values.quantile(0.1))
    row["objects_found"], row["objects_true"] = float(n_segmented.sum()), float(n_true.sum())
    row["count_error"] = float((table[f"{role}_extra"] - table[f"{role}_missed"]).abs().mean())
    return row | _object_summary(table, role)


def _object_summary(table: pd.DataFrame, role: str) -> dict[str, float]:
    names = ("matched", "missed", "extra", "matched_mean", "matched_iou")
    matched, missed, extra, matched_mean, matched_iou = (
        float(table[f"{role}_{name}"].sum()) for name in names
    )
    both = 2 * matched + missed + extra  # objects of truth and segmentation together
    return {
        "recall": _ratio(matched, matched + missed),
        "precision": _ratio(matched, matched + extra),
        "f1": _ratio(2 * matched, both),
        "f1_50_95": _ratio(2 * matched_mean, both),
        "panoptic_quality": _ratio(2 * matched_iou, both),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _areas(segmented: Mask, true: Mask) -> tuple[int, int, int]:
    if segmented.shape != true.shape:
        raise LeukokitError(f"masks of different shapes: found {segmented.shape}, truth {true.shape}")
    return (
        int(np.count_nonzero(segmented & true)),
        int(np.count_nonzero(segmented)),
        int(np.count_nonzero(true)),
    )
