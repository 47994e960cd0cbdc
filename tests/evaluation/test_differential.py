"""Differential counts: shares and intervals; how often intervals hold the truth, simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leukokit.evaluation.differential import differential


def test_shares_and_intervals_by_hand() -> None:
    """Wilson's interval of 10 of 100, from its formula, is .055 to .174."""
    first, second, none = differential({"a": 10, "b": 90, "c": 0})
    assert (first.name, first.count, first.share) == ("a", 10, 0.1)
    assert (first.low, first.high) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert second.share == 0.9
    assert (none.share, none.low) == (0, 0)
    assert none.high == pytest.approx(0.03699, abs=1e-5)


def test_without_a_cell_nothing_is_known() -> None:
    """No share, and an interval that holds every share."""
    (only,) = differential({"a": 0})
    assert math.isnan(only.share)
    assert (only.low, only.high) == (0, 1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """4,000 counts of 100 cells: 95% within 1.5%, mean over a common, a middling and a rare class."""
    rng, truth = np.random.default_rng(0), np.array([0.6, 0.35, 0.05])
    held = []
    for counts in rng.multinomial(100, truth, size=4000).tolist():
        rows = differential(dict(zip("abc", counts, strict=True)))
        held.append([row.low <= share <= row.high for row, share in zip(rows, truth, strict=True)])
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
