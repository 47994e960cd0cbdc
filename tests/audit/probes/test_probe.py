"""Probes learn on the training part alone and are judged by what they reach on the test part."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.findings import AuditLevel, Limit
from leukokit.audit.probes.probe import LARGEST_TRAINING, ModelScore, ProbeData, ProbeFold, _thinned, probe

LIMIT = Limit(0.5, 0.75)


def probe_data(n=200, *, groups=None, model=None, classes=2):
    labels = np.array([f"c{i % classes}" for i in range(n)])
    rows = np.arange(n)
    half = n // 2
    own = np.array([str(i) for i in range(n)]) if groups is None else groups
    return ProbeData(labels, own, [ProbeFold(rows[:half], rows[half:])], model, 1)


def codes(data):
    return np.unique(data.labels, return_inverse=True)[1]


def test_a_number_that_is_the_class_fails():
    """With its interval, chance and share of the model's gain."""
    model = ModelScore("svm", "test", 0.95, 0.9, 0.98, 0.5)
    data = probe_data(model=model)
    result = probe("color", "a number", {"": codes(data)[:, None].astype(float)}, data, LIMIT)
    assert result.level is AuditLevel.FAIL
    assert (result.accuracy, result.chance) == (1.0, 0.5)
    assert result.low > 0.9
    assert result.share_of_gain == pytest.approx(0.5 / 0.45)
    assert result.model_accuracy == 0.95


def test_noise_is_ok():
    """And its interval holds chance."""
    data = probe_data()
    noise = np.random.default_rng(3).normal(size=(200, 6))
    result = probe("color", "noise", {"": noise}, data, LIMIT)
    assert result.level is AuditLevel.OK
    assert result.low < 0.5 < result.high


def test_constant_columns_make_no_probe():
    """Skipped, since there is nothing to learn from."""
    result = probe("file", "sizes", {"": np.full((200, 2), 224.0)}, probe_data(), LIMIT)
    assert result.level is AuditLevel.SKIPPED
    assert result.accuracy is None
    assert result.record().accuracy is None


def test_what_is_constant_in_training_cannot_be_used():
    """Test rows teach nothing: a column that varies there alone leaves the probe at chance."""
    data = probe_data()
    values = np.zeros((200, 1))
    values[100:, 0] = codes(data)[100:]
    result = probe("file", "a leak", {"": values}, data, LIMIT)
    assert result.accuracy == 0.5
    assert result.level is AuditLevel.OK


def test_the_most_telling_block_is_chosen_on_the_training_part():
    """A block that only the test part makes look good is not taken."""
    data = probe_data(n=400)
    rng = np.random.default_rng(4)
    truth = codes(data)
    useful, trap = rng.normal(size=(400, 2)), rng.normal(size=(400, 2))
    useful[:, 0] += 2 * truth
    trap[200:, 0] += 50 * truth[200:]
    result = probe("corner", "strokes", {"in the trap": trap, "in the corner": useful}, data, LIMIT)
    assert result.what == "strokes, in the corner"


def test_few_groups_prove_little():
    """Two test patients a class: right about all of both is no proof against chance of a quarter."""
    groups = np.array([f"patient-{i // 50}-{i % 2}" for i in range(200)])
    data = probe_data(groups=groups)
    result = probe("color", "a number", {"": codes(data)[:, None].astype(float)}, data, LIMIT)
    assert (result.low, result.high) == (None, None)
    assert result.level is AuditLevel.OK


def test_folds_are_pooled():
    """Every row is asked about once."""
    rows = np.arange(200)
    base = probe_data()
    folds = [ProbeFold(np.delete(rows, rows[i::4]), rows[i::4]) for i in range(4)]
    data = ProbeData(base.labels, base.groups, folds, None, 1)
    result = probe("color", "a number", {"": codes(base)[:, None].astype(float)}, data, LIMIT)
    assert result.accuracy == 1.0
    assert data.chance == 0.5


def test_large_training_parts_are_thinned_evenly():
    """All classes stay, in proportion."""
    labels = np.array([0] * 9000 + [1] * 1000)
    kept = _thinned(np.arange(10000), labels, LARGEST_TRAINING)
    assert len(kept) == LARGEST_TRAINING
    assert np.mean(labels[kept]) == pytest.approx(0.1, abs=0.001)


def test_a_model_at_chance_has_no_gain_to_share():
    """No division by nothing."""
    data = probe_data(model=ModelScore("svm", "test", 0.5, 0.4, 0.6, 0.5))
    result = probe("color", "x", {"": codes(data)[:, None].astype(float)}, data, LIMIT)
    assert result.share_of_gain is None
