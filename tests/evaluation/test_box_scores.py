"""Object scores from boxes: counts by hand, the border, and their summary."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.api import FloatArray, LabelImage, Labels, Status
from leukokit.evaluation.box_scores import box_ious, boxes_around, score_boxes
from leukokit.evaluation.masks import score_table, summarize


def objects(*edges: tuple[int, int, int, int]) -> LabelImage:
    """Label image of 40 x 60 px, each object the whole of its box."""
    labels = np.zeros((40, 60), np.int32)
    for number, (x0, y0, x1, y1) in enumerate(edges, start=1):
        labels[y0:y1, x0:x1] = number
    return labels


def boxes(*edges: tuple[float, float, float, float]) -> FloatArray:
    return np.array(edges, dtype=np.float64).reshape(-1, 4)


def test_boxes_lie_around_objects() -> None:
    """Half-open, in the order of the ids; an id without a pixel has none."""
    labels = objects((3, 4, 10, 12), (20, 5, 25, 9))
    labels[labels == 1] = 5
    assert boxes_around(labels).tolist() == [[20, 5, 25, 9], [3, 4, 10, 12]]
    assert boxes_around(np.zeros((4, 4), np.int32)).shape == (0, 4)


def test_overlap_of_boxes() -> None:
    """Half of the width shifted: a third; apart: none."""
    ious = box_ious(boxes((0, 0, 10, 10)), boxes((5, 0, 15, 10), (10, 0, 20, 10), (0, 0, 10, 10)))
    np.testing.assert_allclose(ious, [[1 / 3, 0, 1]])


def test_one_found_one_missed_one_invented() -> None:
    """An image without a box of a role that the data set knows has no such object."""
    labels = Labels({"cell": objects((2, 2, 12, 12), (30, 20, 40, 30)), "red_cell": objects((5, 5, 9, 9))})
    row = score_boxes(labels, {"cell": boxes((2, 2, 12, 11), (50, 2, 58, 10)), "red_cell": boxes()})
    assert (row["cell_box_matched"], row["cell_box_missed"], row["cell_box_extra"]) == (1, 1, 1)
    assert row["cell_box_matched_iou"] == pytest.approx(0.9)
    assert (row["red_cell_box_true"], row["red_cell_box_extra"], row["red_cell_box_failed"]) == (0, 1, False)
    summary = summarize(score_table({"a": row}))
    assert summary.loc["cell_box", ["recall", "precision", "f1"]].tolist() == [0.5, 0.5, 0.5]
    assert summary.loc["cell_box", "panoptic_quality"] == pytest.approx(0.45)
    assert summary.loc["cell_box", ["count_error", "objects_true", "images"]].tolist() == [0, 2, 1]
    assert "dice_mean" not in summary.columns


def test_cells_at_the_border_do_not_count_where_the_segmenter_leaves_them_out() -> None:
    """Neither they nor what is found in them; red cells at the border do."""
    found = {"cell": objects((0, 0, 9, 10), (20, 20, 30, 30)), "red_cell": objects((0, 0, 9, 10))}
    true = {"cell": boxes((0, 0, 10, 10), (20, 20, 30, 30)), "red_cell": boxes((0, 0, 10, 10))}
    kept = score_boxes(Labels(found), true, clears_border=True)
    assert (kept["cell_box_matched"], kept["cell_box_missed"], kept["cell_box_extra"]) == (1, 0, 0)
    assert kept["red_cell_box_matched"] == 1
    assert score_boxes(Labels(found), true)["cell_box_matched"] == 2


def test_a_failed_segmentation_matches_nothing() -> None:
    """And is counted as failed where there are cells."""
    labels = Labels({"cell": objects((2, 2, 12, 12))}, Status.IMPLAUSIBLE)
    row = score_boxes(labels, {"cell": boxes((2, 2, 12, 12))})
    assert (row["cell_box_failed"], row["cell_box_matched"], row["cell_box_missed"]) == (True, 0, 1)
