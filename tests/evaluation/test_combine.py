"""From the probabilities of images to those of their patient: each way by hand, and what all share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.evaluation.combine import Combination, Way, best_way, group_score
from leukokit.evaluation.intervals import Groups
from leukokit.evaluation.metrics import score_input

WAYS: tuple[Way, ...] = ("mean", "vote", "top_k", "noisy_or")
PROBA = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
"""Three images of patient A, one of patient B; the first class is healthy."""
GROUPS = Groups.of(["A", "A", "A", "B"], 4)


@pytest.mark.parametrize(
    ("combination", "ill"),
    [
        (Combination("mean"), [(0.1 + 0.4 + 0.8) / 3, 0.7]),
        # One image of three is called ill; the mean counts as one image more.
        (Combination("vote"), [(1 + 1.3 / 3) / 4, (1 + 0.7) / 2]),
        (Combination("top_k", k=1), [0.8 / (0.8 + 0.9), 0.7]),
        (Combination("top_k", k=2), [0.6 / (0.6 + 0.75), 0.7]),
        (Combination("top_k", k=99), [(0.1 + 0.4 + 0.8) / 3, 0.7]),
        (Combination("noisy_or", negative=(0,)), [1 - 0.9 * 0.6 * 0.2, 0.7]),
    ],
    ids=["mean", "vote", "top 1", "top 2", "top of all", "noisy or"],
)
def test_two_patients_by_hand(combination: Combination, ill: list[float]) -> None:
    proba = combination.apply(PROBA, GROUPS)
    np.testing.assert_allclose(proba[:, 1], ill)
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_noisy_or_shares_illness_by_the_probability_that_any_image_shows_it() -> None:
    proba = np.array([[0.5, 0.5, 0.0], [0.8, 0.0, 0.2]])
    found = Combination("noisy_or", negative=(0,)).apply(proba, Groups.of(["A", "A"], 2))
    np.testing.assert_allclose(found, [[0.4, 0.6 * 0.5 / 0.7, 0.6 * 0.2 / 0.7]])


def test_sure_images_give_numbers() -> None:
    """Probabilities of 0 and 1, as a nearest-neighbor classifier gives them."""
    proba = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for way in WAYS:
        found = Combination(way, negative=(0,)).apply(proba, Groups.of(["A", "A", "B"], 3))
        assert np.isfinite(found).all()
        assert found.argmax(axis=1).tolist() == [0, 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), *[st.floats(0.01, 1) for _ in range(3)]), min_size=1, max_size=20),
    st.sampled_from(WAYS),
    st.integers(1, 6),
)
def test_answers_are_probabilities_that_do_not_depend_on_the_order_of_images(
    rows: list[tuple[int, float, float, float]], way: Way, k: int
) -> None:
    names = [f"patient {row[0]}" for row in rows]
    proba = np.array([row[1:] for row in rows])
    proba /= proba.sum(axis=1, keepdims=True)
    combination = Combination(way, k=k, negative=(0,))
    found = combination.apply(proba, Groups.of(names, len(rows)))
    assert found.shape == (len(set(names)), 3)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    again = combination.apply(proba[::-1], Groups.of(names[::-1], len(rows)))
    np.testing.assert_allclose(found, again)


def test_the_first_of_equal_ways_is_chosen() -> None:
    """Low log loss and high macro F1 are good."""
    assert best_way("log_loss", [0.4, 0.3, 0.3]) == 1
    assert best_way("macro_f1", [0.4, 0.9, 0.9]) == 1
    scored = score_input(["ill", "well"], [[0.8, 0.2], [0.4, 0.6]], ["ill", "well"])
    assert group_score("log_loss", scored) == pytest.approx(-np.log([0.8, 0.6]).mean())
    assert group_score("macro_f1", scored) == 1
