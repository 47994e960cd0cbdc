"""The largest gap between subgroups, and its interval."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.evaluation.intervals import Groups, proportion
from leukokit.evaluation.subgroups import largest_gap


def rows(*right: tuple[int, int]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """So many hits and misses in subgroups a, b, ..."""
    hits = np.concatenate([[True] * hit + [False] * miss for hit, miss in right])
    name = np.repeat([*"abcdef"[: len(right)]], [hit + miss for hit, miss in right])
    return hits, {str(one): name == one for one in np.unique(name)}


def test_two_subgroups_have_the_interval_of_newcombe() -> None:
    """From the Wilson intervals of both shares (method 10)."""
    hits, inside = rows((560, 140), (480, 320))
    gap = largest_gap(hits, Groups.of(None, len(hits)), inside)
    assert gap is not None
    assert (gap.best, gap.worst, gap.bounds.method) == ("a", "b", "Newcombe")
    assert gap.value == pytest.approx(0.2)
    high, low = (proportion(hits[one], Groups.of(None, int(one.sum()))) for one in inside.values())
    assert gap.bounds.low == pytest.approx(0.2 - np.hypot(0.8 - high.low, low.high - 0.6))
    assert gap.bounds.high == pytest.approx(0.2 + np.hypot(high.high - 0.8, 0.6 - low.low))


def test_more_subgroups_widen_the_interval_of_the_same_two() -> None:
    """The largest of several gaps is large by chance, too."""
    two = largest_gap(rows((60, 20), (40, 40))[0], Groups.of(None, 160), rows((60, 20), (40, 40))[1])
    hits, inside = rows((60, 20), (50, 30), (40, 40))
    three = largest_gap(hits, Groups.of(None, len(hits)), inside)
    assert two is not None
    assert three is not None
    assert (three.best, three.worst, three.value) == ("a", "c", two.value)
    assert three.bounds.low < two.bounds.low
    assert three.bounds.high > two.bounds.high
    assert three.bounds.method == "Newcombe, Bonferroni for 3 pairs"


def test_images_of_few_patients_widen_it() -> None:
    hits, inside = rows((60, 20), (40, 40))
    alone = largest_gap(hits, Groups.of(None, 160), inside)
    together = largest_gap(hits, Groups.of([str(i // 8) for i in range(160)], 160), inside)
    assert alone is not None
    assert together is not None
    assert together.bounds.low < alone.bounds.low


def test_one_subgroup_has_no_gap() -> None:
    hits, inside = rows((3, 2))
    assert largest_gap(hits, Groups.of(None, 5), inside) is None
