"""Images that changed, and whether they lie together."""

from __future__ import annotations

import numpy as np

from leukokit.compare.statistics.changes import Change, ChangeKind, changes, concentration
from leukokit.evaluation.metrics import Scored, score_input

CLASSES = ("a", "b", "c")


def scored(true: str, predicted: str, sure: list[float]) -> Scored:
    proba = np.zeros((len(true), 3))
    for row, (name, p) in enumerate(zip(predicted, sure, strict=True)):
        proba[row] = (1 - p) / 2
        proba[row, CLASSES.index(name)] = p
    return score_input(list(true), proba, CLASSES)


def test_losses_come_first_and_the_surest_mistake_leads() -> None:
    """Then gains, then other mistakes; what stays is not listed."""
    first = scored("aaaabb", "aabbab", [0.9] * 6)
    second = scored("aaaabb", "bbaccb", [0.6, 0.8, 0.9, 0.9, 0.7, 0.9])
    changed = changes(first, second)
    assert [(change.row, change.kind) for change in changed] == [
        (1, ChangeKind.RIGHT_TO_WRONG),
        (0, ChangeKind.RIGHT_TO_WRONG),
        (2, ChangeKind.WRONG_TO_RIGHT),
        (3, ChangeKind.OTHER_WRONG),
        (4, ChangeKind.OTHER_WRONG),
    ]


def test_swapping_turns_losses_into_gains() -> None:
    """The same images change."""
    first, second = scored("aabb", "abab", [0.9] * 4), scored("aabb", "baab", [0.8] * 4)
    there = {change.row: change.kind for change in changes(first, second)}
    back = {change.row: change.kind for change in changes(second, first)}
    assert there == {0: ChangeKind.RIGHT_TO_WRONG, 1: ChangeKind.WRONG_TO_RIGHT}
    assert back == {0: ChangeKind.WRONG_TO_RIGHT, 1: ChangeKind.RIGHT_TO_WRONG}


def test_most_changes_in_one_group_are_said() -> None:
    """More than half of three or more; two of two are no pattern."""
    codes = np.array([0, 0, 0, 1, 2])
    all_five = [Change(row, ChangeKind.RIGHT_TO_WRONG) for row in range(5)]
    densest = concentration(all_five, codes)
    assert densest is not None
    assert (densest.code, densest.changed, densest.of, densest.most) == (0, 3, 5, True)
    two = concentration(all_five[:2], codes)
    assert two is not None
    assert not two.most
    apart = concentration(all_five[2:], codes)
    assert apart is not None
    assert not apart.most
    assert concentration([], codes) is None
