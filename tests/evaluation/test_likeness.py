"""Distances from training images, and limits that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.evaluation.likeness import (
    MOST_POINTS,
    NEIGHBORS,
    Reference,
    choose_limits,
    left_out_distances,
)


def test_distance_is_the_mean_to_the_nearest_images_in_standard_deviations() -> None:
    rng = np.random.default_rng(0)
    train = rng.normal(size=(50, 3)) * [1, 10, 100]
    row = np.array([[0.5, -3.0, 40.0]])
    spread = train.std(axis=0)
    nearest = np.sort(np.linalg.norm((train - row) / spread, axis=1))[:NEIGHBORS]
    reference = Reference.of(train, seed=0)
    assert reference.distances(row) == pytest.approx(nearest.mean() / np.sqrt(3), rel=1e-5)
    far = reference.distances(np.array([[0.5, -3.0, 4000.0]]))
    assert far > 10 * reference.distances(row)


def test_each_row_has_its_distance_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(1)
    reference, rows = Reference.of(rng.normal(size=(300, 7)), seed=0), rng.normal(size=(40, 7))
    whole = reference.distances(rows)
    assert np.array_equal(whole[5:9], reference.distances(rows[5:9]))


def test_missing_constant_and_endless_numbers_give_finite_distances() -> None:
    train = np.random.default_rng(2).normal(size=(30, 3))
    train[:, 1] = 4.0
    train[:5, 2] = np.nan
    reference = Reference.of(train, seed=0)
    rows = np.array([[0.0, 4.0, np.nan], [np.inf, 4.0, 0.0], [1e300, 5.0, 0.0]])
    distances = reference.distances(rows)
    assert np.isfinite(distances).all()
    assert distances[2] > 1e10


def test_two_labs_in_the_training_part_are_both_near() -> None:
    """Between two clusters an image is far, though it is the mean of all."""
    rng = np.random.default_rng(3)
    train = np.concatenate([rng.normal(-10, 1, (100, 2)), rng.normal(10, 1, (100, 2))])
    near, between = Reference.of(train, seed=0).distances(np.array([[10.0, 10.0], [0.0, 0.0]]))
    assert between > 5 * near


def test_very_many_images_are_thinned_the_same_way_each_time() -> None:
    train = np.random.default_rng(4).normal(size=(MOST_POINTS + 100, 2))
    first, again = Reference.of(train, seed=1), Reference.of(train, seed=1)
    assert len(first.points) == MOST_POINTS
    assert np.array_equal(first.points, again.points)


def test_left_out_images_do_not_see_their_own_group() -> None:
    rng = np.random.default_rng(5)
    rows = np.repeat(rng.normal(size=(20, 4)), 10, axis=0)  # ten equal images a patient
    groups = np.repeat([f"patient {i}" for i in range(20)], 10)
    alone = left_out_distances(rows, np.array([str(i) for i in range(200)]), seed=0)
    grouped = left_out_distances(rows, groups, seed=0)
    assert np.median(alone) == 0
    assert grouped.min() > 0.1


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_limits_keep_the_share_over_all_distances_together(share: float) -> None:
    rng = np.random.default_rng(6)
    held_out = {name: rng.gamma(2, size=500) for name in "abc"}
    limits = choose_limits(held_out, share)
    beyond = np.any([held_out[name] > limits[name] for name in "abc"], axis=0).mean()
    assert beyond <= share
    assert beyond > share / 2
    new = {name: rng.gamma(2, size=20_000) for name in "abc"}
    assert np.any([new[name] > limits[name] for name in "abc"], axis=0).mean() < 1.6 * share


def test_few_images_and_unknown_distances() -> None:
    limits = choose_limits({"a": np.array([1.0, 3.0, 2.0]), "b": np.full(3, np.nan)}, 0.01)
    assert limits == {"a": 3.0}
    limits = choose_limits({"a": np.array([1.0, 3.0]), "b": np.array([np.nan, 5.0])}, 0.01)
    assert limits == {"a": 3.0, "b": 5.0}
    assert choose_limits({"a": np.full(2, np.nan)}, 0.01) == {}
    assert choose_limits({"a": np.zeros(3)}, 0.01)["a"] > 0
