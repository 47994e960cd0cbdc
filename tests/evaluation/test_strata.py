"""Intervals where groups are drawn class by class, and where a class has too few of them."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.evaluation.intervals import Groups, proportion
from leukokit.evaluation.metrics import BoundedScores, scores

CLASSES = ("Benign", "Pro")


def study(benign: int, pro: int, *, images: int = 4, wrong: int = 1) -> BoundedScores:
    """Score so many groups of each class; of the first group of each class some images are wrong."""
    groups = [f"B{i}" for i in range(benign)] + [f"P{i}" for i in range(pro)]
    true = np.repeat(["Benign"] * benign + ["Pro"] * pro, images)
    p_pro = np.where(true == "Pro", 0.9, 0.1)
    for first in (0, benign * images):
        p_pro[first : first + wrong] = 1 - p_pro[first : first + wrong]
    return scores(true, np.column_stack([1 - p_pro, p_pro]), CLASSES, groups=np.repeat(groups, images))


@pytest.mark.parametrize(
    ("groups", "said"), [((1, 6), "1 group of Benign"), ((2, 1), "2 groups of Benign and 1 group of Pro")]
)
def test_below_three_groups_of_a_class_no_score_has_an_interval(groups, said):
    """Accuracy and macro means agree, and say why; nothing is narrower than all values."""
    bounds = study(*groups).bounds
    each = [bounds.accuracy, bounds.macro_f1, bounds.macro_recall, bounds.auc_ovo, bounds.auc_ovr]
    assert {one.unknown for one in each if one is not None} == {
        f"cannot tell: {said} (patients, slides); 3 of each class are needed"
    }
    assert {(one.low, one.high) for one in each if one is not None} == {(0.0, 1.0)}
    assert any("cannot tell" in note for note in bounds.notes)


def test_a_class_with_enough_groups_keeps_its_own_interval():
    """Only scores that the small class takes part in are unknown."""
    found = study(1, 6)
    small, large = (found.class_bounds[name] for name in CLASSES)
    assert small.recall is not None
    assert large.recall is not None
    assert small.recall.unknown
    assert (large.recall.unknown, large.recall.method) == ("", "Wilson over groups")
    assert found.cell_bounds[0][0] is not None
    assert found.cell_bounds[0][0].unknown


def test_three_groups_of_each_class_have_intervals_and_a_note():
    """The note says that they are wide, since they are: not that they are too narrow."""
    bounds = study(3, 3).bounds
    assert bounds.accuracy.unknown == bounds.macro_f1.unknown == ""
    assert bounds.accuracy.high - bounds.accuracy.low > 0.3
    assert bounds.notes == (
        "6 groups (patients, slides) are few: intervals are wide, and rest on how much these few differ",
    )


def test_what_differs_between_classes_is_no_variance():
    """One class is all right and the other all wrong, in every group: groups say nothing new."""
    true = np.repeat(["A"] * 6 + ["B"] * 6, 5)
    names = np.repeat([f"g{i:02d}" for i in range(12)], 5)
    right = true == "A"
    by_class, pooled = (
        proportion(right, groups) for groups in (Groups.of(names, 60, true), Groups.of(names, 60))
    )
    assert by_class.high - by_class.low < 0.5 * (pooled.high - pooled.low)


def test_a_group_with_several_classes_is_drawn_from_all():
    """Fields with cells of all classes: the rare class lacks an interval, the accuracy has one."""
    true = np.array((["A"] * 9 + ["B"]) * 12)
    names = np.repeat([f"field-{i:02d}" for i in range(12)], 10)
    true[true == "B"] = np.array(["B", "B"] + ["A"] * 10)
    p_b = np.tile([0.1] * 8 + [0.6, 0.8], 12)
    found = scores(true, np.column_stack([1 - p_b, p_b]), ("A", "B"), groups=names)
    assert found.bounds.accuracy.unknown == ""
    assert "2 groups of B" in found.bounds.macro_recall.unknown
    recall = found.class_bounds["B"].recall
    assert recall is not None
    assert "2 groups of B" in recall.unknown


def test_images_without_groups_keep_the_exact_interval():
    """A class of one image: its exact binomial interval is wide, and right."""
    bounds = scores(["A", "A", "B"], [[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]], ("A", "B")).bounds
    assert (bounds.accuracy.unknown, bounds.accuracy.method) == ("", "exact binomial")
