"""A second data set: its difference from the first as an effect size over patients, with an interval."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.checks.sites import Site, effect_size, sites_unlike
from leukokit.audit.findings import AuditLevel, Limit

LIMIT = Limit(0.5, 1.5)


def site(shift=0.0, seed=0, patients=20, labels=("x", "y")):
    """Two columns that vary by patient, five images each; the second is shifted."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (patients, 2)).repeat(5, axis=0) + rng.normal(0, 0.1, (5 * patients, 2))
    values[:, 1] += shift
    n = len(values)
    return Site(
        values,
        np.array([labels[i % 2] for i in range(n)]),
        np.array([f"p{i // 5}" for i in range(n)]),
        np.array([f"i{seed}-{i}" for i in range(n)]),
    )


def test_the_effect_is_in_standard_deviations_between_groups():
    """Two samples of 50, two apart."""
    rng = np.random.default_rng(0)
    effect = effect_size(rng.normal(0, 3, 50), rng.normal(6, 3, 50))

    assert effect is not None
    assert effect.size == pytest.approx(2, abs=0.3)
    assert effect.low < 2 < effect.high
    assert effect.least == effect.low
    assert effect_size(np.zeros(2), np.ones(50)) is None


def test_two_constants_that_differ_are_as_unlike_as_can_be():
    """And the same constant is like itself."""
    effect = effect_size(np.zeros(5), np.ones(50))
    assert effect is not None
    assert effect.least > 500
    assert effect_size(np.ones(5), np.ones(50)).size == 0


def test_the_interval_covers_the_truth_in_95_of_100_draws():
    """Counted over 1000 draws."""
    rng = np.random.default_rng(1)
    draws = [effect_size(rng.normal(0, 1, 12), rng.normal(1, 1, 15)) for _ in range(1000)]
    assert np.mean([effect.low <= 1 <= effect.high for effect in draws]) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("seed", range(1, 21))
def test_other_patients_of_one_site_are_alike(seed):
    """Whatever the patients."""
    finding = sites_unlike("stain_unlike", ["L", "a"], site(), site(seed=seed), LIMIT, "advice")
    assert finding.level is AuditLevel.OK
    assert finding.images == ()


def test_another_site_is_named_with_its_images_and_classes():
    """By class where both have it."""
    finding = sites_unlike(
        "stain_unlike", ["L", "a"], site(), site(5.0, seed=3, labels=("x", "z")), LIMIT, "go"
    )

    assert finding.level is AuditLevel.FAIL
    assert finding.title.startswith("a of B differs from A by +")
    assert finding.text == "go"
    assert {row[:2] for row in finding.table.rows} == {("L", "all"), ("a", "all"), ("L", "x"), ("a", "x")}
    assert 0 < len(finding.images) <= 20
    assert all(name.startswith("i3-") for name in finding.images)


def test_too_few_patients_cannot_be_compared():
    """Two are too few."""
    finding = sites_unlike("stain_unlike", ["L", "a"], site(), site(5.0, patients=2), LIMIT, "go")
    assert finding.level is AuditLevel.SKIPPED
