"""Effects are believed only where groups, not images, support them."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.checks.association import category_gain, variance_between
from leukokit.audit.findings import AuditLevel, Limit


def test_a_category_that_decides_the_class_gains_all():
    """Effect 1, and no permutation reaches it."""
    labels = ["a", "b", "c"] * 20
    association = category_gain(labels, labels, [str(i) for i in range(60)], seed=1)
    assert association.effect == pytest.approx(1)
    assert association.significant


def test_many_categories_by_chance_gain_nothing():
    """Adjusted: 400 images with 200 kinds of file would else be told apart by two thirds."""
    rng = np.random.default_rng(1)
    kinds = [str(number) for number in rng.integers(200, size=400)]
    association = category_gain(kinds, ["a", "b"] * 200, [str(i) for i in range(400)], seed=1)
    assert association.effect < 0.1
    assert association.level(Limit(0.0, 0.0)) is AuditLevel.OK


def test_variance_between_classes_is_omega_squared():
    """Against the textbook formula, each image its own group."""
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(0, 1, 30), rng.normal(2, 1, 30), rng.normal(1, 1, 30)])
    labels = np.repeat(["a", "b", "c"], 30)
    association = variance_between(values[:, None], labels.tolist(), [str(i) for i in range(90)], seed=1)
    between = sum(30 * (values[labels == name].mean() - values.mean()) ** 2 for name in "abc")
    whole = ((values - values.mean()) ** 2).sum()
    mean_within = (whole - between) / 87
    assert association.effect == pytest.approx((between - 2 * mean_within) / (whole + mean_within))
    assert association.significant


def test_stain_of_patients_is_not_taken_for_the_class():
    """Over 40 draws of 12 patients in 4 classes, images of a patient alike, at most one is believed."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        stain = np.repeat(rng.normal(size=(12, 3)), 20, axis=0)
        labels = np.repeat(list("abcd"), 60).tolist()
        groups = np.repeat(np.arange(12), 20).astype(str).tolist()
        wrong += variance_between(stain, labels, groups, seed=seed).significant
    assert wrong <= 1


def test_a_group_with_two_classes_is_two_units():
    """A label conflict does not break the permutation."""
    association = category_gain(["x", "x", "y"], ["a", "b", "b"], ["g", "g", "h"], seed=1)
    assert 0 <= association.effect <= 1


def test_one_class_has_no_association():
    """There is nothing to tell apart."""
    assert category_gain(["x", "y"], ["a", "a"], ["1", "2"], seed=1).effect == 0
    assert variance_between(np.eye(2), ["a", "a"], ["1", "2"], seed=1).effect == 0
