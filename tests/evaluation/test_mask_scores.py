"""Mask scores: known overlaps, empty masks, failures, summaries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import Labels, LeukokitError, Mask, Status
from leukokit.evaluation.masks import (
    Row,
    count_objects,
    dice,
    iou,
    score_image,
    score_table,
    summarize,
    summarize_by_class,
)

masks = arrays(np.bool_, (6, 7))


def labels(nucleus: list[list[int]], status: Status = Status.OK) -> Labels:
    """Labels with the same nucleus and cell."""
    image = np.array(nucleus, dtype=np.int32)
    return Labels({"nucleus": image, "cell": image}, status)


EMPTY = [[0, 0, 0, 0]]


def test_half_an_overlap() -> None:
    """Two pixels of four in common: Dice one half, IoU one third."""
    one, other = np.array([1, 1, 1, 1, 0, 0], bool), np.array([0, 0, 1, 1, 1, 1], bool)
    assert dice(one, other) == 0.5
    assert iou(one, other) == pytest.approx(1 / 3)


def test_two_empty_masks_have_no_score() -> None:
    """Nothing against nothing is NaN, nothing against something is 0."""
    empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert math.isnan(dice(empty, empty))
    assert math.isnan(iou(empty, empty))
    assert dice(empty, full) == dice(full, empty) == iou(empty, full) == 0.0


@given(masks, masks)
def test_dice_and_iou_go_together(one: Mask, other: Mask) -> None:
    """Both are symmetric, within 0..1, and tied by IoU = Dice / (2 - Dice)."""
    if not (one.any() or other.any()):
        return
    score = dice(one, other)
    assert score == dice(other, one)
    assert 0.0 <= iou(one, other) <= score <= 1.0
    assert iou(one, other) == pytest.approx(score / (2 - score))
    assert (score == 1.0) == np.array_equal(one, other)


def test_different_shapes_are_refused() -> None:
    """The message gives both shapes."""
    with pytest.raises(LeukokitError, match=r"different shapes: found \(2, 2\), truth \(2, 3\)"):
        dice(np.zeros((2, 2), bool), np.zeros((2, 3), bool))


@given(arrays(np.int32, (5, 5), elements=st.integers(0, 6)))
def test_objects_are_counted_by_id(image: np.ndarray) -> None:  # type: ignore[type-arg]
    """Gaps in the ids do not count."""
    assert count_objects(image) == len(set(image.ravel().tolist()) - {0})


def test_one_image() -> None:
    """Scores and counts of every role that both have; others are left out."""
    truth = Labels({"nucleus": np.array([[1, 1, 0, 2]], np.int32)})
    row = score_image(labels([[1, 0, 0, 1]]), truth)
    assert row == {
        "status": "ok",
        "nucleus_dice": 0.8,
        "nucleus_iou": pytest.approx(2 / 3),
        "nucleus_found": 1,
        "nucleus_true": 2,
        "nucleus_failed": False,
        "nucleus_matched": 1,
        "nucleus_missed": 1,
        "nucleus_extra": 0,
        "nucleus_matched_mean": 0.1,
        "nucleus_matched_iou": 0.5,
    }


@pytest.mark.parametrize(
    ("segmented", "truth", "failed", "score"),
    [
        (labels([[0, 0, 0, 0]]), labels([[1, 0, 0, 0]]), True, 0.0),
        (labels(EMPTY, Status.NO_CELL), labels([[1, 0, 0, 0]]), True, 0.0),
        (labels(EMPTY, Status.ALL_TOUCH_BORDER), labels([[1, 0, 0, 0]]), True, 0.0),
        (labels([[1, 0, 0, 0]]), labels([[1, 0, 0, 0]]), False, 1.0),
        (labels([[1, 0, 0, 0]]), labels(EMPTY), False, 0.0),
        (labels(EMPTY, Status.NO_CELL), labels(EMPTY), False, math.nan),
    ],
)
def test_what_counts_as_a_failure(segmented: Labels, truth: Labels, failed: bool, score: float) -> None:
    """Nothing where the truth has something fails; finding something in an empty field scores 0."""
    row = score_image(segmented, truth)
    assert row["cell_failed"] is failed
    assert row["cell_dice"] == pytest.approx(score, nan_ok=True)


def test_no_common_role_is_refused() -> None:
    """The message names the roles of both."""
    truth = Labels({"red_cell": np.zeros((1, 4), np.int32)})
    with pytest.raises(LeukokitError, match="the truth has red_cell, the segmentation nucleus, cell"):
        score_image(labels(EMPTY), truth)


def test_summary_of_known_scores() -> None:
    """Mean, median, 10th percentile and counts are those of the table; NaN is left out, failures are not."""
    scores = [1.0, 0.8, 0.6, 0.0, math.nan]
    rows: dict[str, Row] = {
        f"image {i}": {
            "status": "ok",
            "cell_dice": score,
            "cell_iou": score / 2,
            "cell_found": 0 if score == 0 else 2,
            "cell_true": 1,
            "cell_failed": score == 0,
            "cell_matched": 0 if score == 0 else 1,
            "cell_missed": 1 if score == 0 else 0,
            "cell_extra": 0 if score == 0 else 1,
            "cell_matched_mean": 0.0 if score == 0 else 0.5,
            "cell_matched_iou": 0.0 if score == 0 else 0.75,
        }
        for i, score in enumerate(scores)
    }
    table = score_table(rows)
    assert table.index.tolist() == list(rows)
    assert table.index.name == "id"
    cell = summarize(table).loc["cell"]
    assert cell["images"] == 4
    assert cell["failures"] == 1
    assert cell["dice_mean"] == pytest.approx(0.6)
    assert cell["dice_median"] == pytest.approx(0.7)
    assert cell["dice_p10"] == pytest.approx(0.18)
    assert cell["iou_mean"] == pytest.approx(0.3)
    assert (cell["objects_found"], cell["objects_true"]) == (8, 5)
    assert cell["count_error"] == 1.0
    assert (cell["recall"], cell["precision"]) == (4 / 5, 4 / 8)
    assert cell["f1"] == pytest.approx(8 / 13)
    assert cell["f1_50_95"] == pytest.approx(4 / 13)
    assert cell["panoptic_quality"] == pytest.approx(6 / 13)


def test_summary_by_class_leaves_out_images_without_one() -> None:
    """Each class has its own failures; classes are in the order of their names."""
    square = labels([[0, 1, 1, 0]])
    rows = {
        "good": score_image(square, square),
        "missed": score_image(labels(EMPTY, Status.NO_CELL), square),
        "unknown": score_image(square, square),
    }
    classes = {"good": "b", "missed": "a", "unknown": None}
    summaries = summarize_by_class(score_table(rows), classes)
    assert list(summaries) == ["a", "b"]
    assert summaries["a"].loc["cell", "recall"] == 0.0
    assert summaries["b"].loc["cell", "recall"] == summaries["b"].loc["cell", "precision"] == 1.0


def test_cells_at_the_border_count_as_the_recipe_says() -> None:
    """A segmenter that leaves them out has missed nothing, and what it finds in one of them is not extra."""
    truth = labels([[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 2, 0], [0, 0, 0, 0, 0, 0]])
    inner = labels([[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 5, 0], [0, 0, 0, 0, 0, 0]])
    strict, lenient = score_image(inner, truth), score_image(inner, truth, clears_border=True)
    assert (strict["cell_matched"], strict["cell_missed"], strict["cell_extra"]) == (1, 1, 0)
    assert (lenient["cell_matched"], lenient["cell_missed"], lenient["cell_extra"]) == (1, 0, 0)
    part = labels([[0, 0, 0, 0, 0, 0], [0, 3, 0, 0, 5, 0], [0, 0, 0, 0, 0, 0]])
    assert score_image(part, truth)["cell_extra"] == 1
    assert score_image(part, truth, clears_border=True)["cell_extra"] == 0


def test_a_nucleus_belongs_to_its_cell_at_the_border() -> None:
    """It is left out with the cell, though it does not touch the border itself."""
    cell = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], np.int32)
    nucleus = np.array([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], np.int32)
    nothing = labels([[0] * 4] * 3, Status.ALL_TOUCH_BORDER)
    row = score_image(nothing, Labels({"nucleus": nucleus, "cell": cell}), clears_border=True)
    assert (row["nucleus_missed"], row["cell_missed"]) == (0, 0)
    assert score_image(nothing, Labels({"nucleus": nucleus, "cell": cell}))["nucleus_missed"] == 1


def test_objects_of_an_unusable_segmentation_match_nothing() -> None:
    """Nothing is measured on them either."""
    square = labels([[0, 1, 1, 0]])
    row = score_image(labels([[0, 1, 1, 0]], Status.IMPLAUSIBLE), square)
    assert (row["cell_matched"], row["cell_missed"], row["cell_extra"]) == (0, 1, 0)


def test_summary_without_a_score_is_nan() -> None:
    """Where no image has anything to score, the means are NaN and the counts 0."""
    nothing = labels(EMPTY, Status.NO_CELL)
    summary = summarize(score_table({"a": score_image(nothing, nothing)}))
    assert summary.index.tolist() == ["nucleus", "cell"]
    assert math.isnan(summary.loc["cell", "dice_mean"])
    assert summary.loc["cell", "images"] == summary.loc["cell", "failures"] == 0
