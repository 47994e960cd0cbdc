"""Errors that stand together are told from errors that lie about."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.evaluation.error_clusters import error_clusters


def part(n: int = 200) -> tuple[list[str], list[str]]:
    ids = [f"image-{i:03d}" for i in range(n)]
    return ids, ["a" if i < n // 2 else "b" for i in range(n)]


def test_a_slide_that_the_model_cannot_read_is_named() -> None:
    ids, labels = part()
    wrong = np.zeros(200, dtype=bool)
    wrong[120:128] = True
    wrong[[110, 190]] = True
    (cluster,) = error_clusters(ids, labels, wrong, seed=1)
    assert (cluster.label, cluster.first, cluster.last) == ("b", "image-120", "image-127")
    assert (cluster.errors, cluster.images, cluster.class_errors) == (8, 8, 10)
    assert cluster.p < 0.01


def test_gaps_inside_a_stretch_do_not_hide_it() -> None:
    ids, labels = part()
    wrong = np.zeros(200, dtype=bool)
    wrong[[10, 11, 13, 14, 16, 17, 18]] = True
    (cluster,) = error_clusters(ids, labels, wrong, seed=1)
    assert (cluster.errors, cluster.images) == (7, 9)


def test_errors_that_lie_about_are_no_cluster() -> None:
    ids, labels = part()
    alarms = 0
    for seed in range(30):
        wrong = np.random.default_rng(seed).random(200) < 0.08
        alarms += bool(error_clusters(ids, labels, wrong, seed=seed))
    assert alarms <= 5


@pytest.mark.parametrize("places", [[], [3], [3, 4], list(range(100))])
def test_too_few_errors_and_nothing_but_errors_say_nothing(places: list[int]) -> None:
    ids, labels = part()
    wrong = np.zeros(200, dtype=bool)
    wrong[places] = True
    assert error_clusters(ids, labels, wrong, seed=0) == ()


def test_the_classes_stand_each_in_its_own_order() -> None:
    ids, labels = part(60)
    mixed = [0, 30, 1, 31, 2, 32, 3, 33, *range(4, 30), *range(34, 60)]
    wrong = np.array([row < 4 for row in mixed])
    (cluster,) = error_clusters([ids[row] for row in mixed], [labels[row] for row in mixed], wrong, seed=0)
    assert (cluster.label, cluster.errors, cluster.images) == ("a", 4, 4)
