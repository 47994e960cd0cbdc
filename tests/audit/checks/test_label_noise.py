"""Planted wrong labels are listed; hard classes and odd patients are not."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.checks.label_noise import label_noise
from leukokit.audit.findings import AuditLevel, Limit
from leukokit.audit.label_probabilities import out_of_fold_probabilities

LIMIT = Limit(0.02)
KINDS = np.array(["a", "b", "c"])


def data(seed, apart=4.0, flipped=0.0, patients=60):
    """Three classes ``apart`` standard deviations from each other, ten images a patient."""
    rng = np.random.default_rng(seed)
    truth = (np.arange(patients) % 3).repeat(10)
    centers = apart * np.eye(3)[truth]
    values = (
        centers + rng.normal(0, 0.7, (patients, 3)).repeat(10, axis=0) + rng.normal(0, 0.7, centers.shape)
    )
    flips = rng.random(len(truth)) < flipped
    codes = np.where(flips, (truth + 1) % 3, truth)
    groups = np.array([f"p{i // 10}" for i in range(len(truth))])
    return np.hstack([values, rng.normal(0, 1, (len(truth), 5))]), KINDS[codes], groups, flips


def judged(values, labels, groups):
    ids = [str(i) for i in range(len(labels))]
    probabilities = out_of_fold_probabilities(values, labels, groups, seed=1)
    return label_noise(probabilities, labels, groups, ids, LIMIT)


@pytest.mark.parametrize("apart", [4.0, 6.0])
@pytest.mark.parametrize("seed", range(3))
def test_five_percent_of_wrong_labels_are_found(seed, apart):
    """Most of them, and nine of ten that are listed are wrong; also where classes lie far apart."""
    values, labels, groups, flips = data(seed, apart, flipped=0.05)
    finding = judged(values, labels, groups)
    listed = np.array([int(name) for name in finding.images])

    assert finding.level is AuditLevel.WARN
    assert flips[listed].mean() >= 0.9
    assert flips[listed].sum() >= 0.5 * flips.sum()
    assert "labels are likely wrong" in finding.title


@pytest.mark.parametrize("apart", [1.5, 2.0, 4.0])
@pytest.mark.parametrize("seed", range(6))
def test_right_labels_raise_nothing(seed, apart):
    """Also where classes overlap."""
    assert judged(*data(seed, apart)[:3]).level in (AuditLevel.OK, AuditLevel.SKIPPED)


def test_features_that_tell_nothing_judge_nothing():
    """Nor does one patient a class."""
    values, labels, groups, _ = data(1, apart=0.5)
    finding = judged(values, labels, groups)
    assert (finding.level, "do not tell the classes" in finding.title) == (AuditLevel.SKIPPED, True)
    assert judged(values, labels, labels).level is AuditLevel.SKIPPED


def test_missing_values_do_no_harm():
    """They are replaced by means."""
    values, labels, groups, _ = data(2)
    values[::7, 1] = np.nan
    assert judged(values, labels, groups).level is AuditLevel.OK
