"""Probes learn on the training part alone and are judged by what they reach on the test part."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.findings import Level, Limit
from leukokit.audit.probes.probe import LARGEST_TRAINING, Division, ModelScore, Subject, _thinned, probe

LIMIT = Limit(0.5, 0.75)


def subject(n=200, *, groups=None, model=None, classes=2):
    labels = np.array([f"c{i % classes}" for i in range(n)])
    rows = np.arange(n)
    half = n // 2
    own = np.array([str(i) for i in range(n)]) if groups is None else groups
    return Subject(labels, own, [Division(rows[:half], rows[half:])], model, 1)


def codes(each):
    return np.unique(each.labels, return_inverse=True)[1]


def test_a_number_that_is_the_class_fails():
    """With its interval, chance and share of the model's gain."""
    model = ModelScore("svm", "test", 0.95, 0.9, 0.98, 0.5)
    given = subject(model=model)
    found = probe("color", "a number", {"": codes(given)[:, None].astype(float)}, given, LIMIT)
    assert found.level is Level.FAIL
    assert (found.accuracy, found.chance) == (1.0, 0.5)
    assert found.low > 0.9
    assert found.share_of_gain == pytest.approx(0.5 / 0.45)
    assert found.model_accuracy == 0.95


def test_noise_is_ok():
    """And its interval holds chance."""
    given = subject()
    noise = np.random.default_rng(3).normal(size=(200, 6))
    found = probe("color", "noise", {"": noise}, given, LIMIT)
    assert found.level is Level.OK
    assert found.low < 0.5 < found.high


def test_constant_columns_make_no_probe():
    """Skipped, since there is nothing to learn from."""
    found = probe("file", "sizes", {"": np.full((200, 2), 224.0)}, subject(), LIMIT)
    assert found.level is Level.SKIPPED
    assert found.accuracy is None
    assert found.record().accuracy is None


def test_what_is_constant_in_training_cannot_be_used():
    """Test rows teach nothing: a column that varies there alone leaves the probe at chance."""
    given = subject()
    values = np.zeros((200, 1))
    values[100:, 0] = codes(given)[100:]
    found = probe("file", "a leak", {"": values}, given, LIMIT)
    assert found.accuracy == 0.5
    assert found.level is Level.OK


def test_the_most_telling_block_is_chosen_on_the_training_part():
    """A block that only the test part makes look good is not taken."""
    given = subject(n=400)
    rng = np.random.default_rng(4)
    truth = codes(given)
    useful, trap = rng.normal(size=(400, 2)), rng.normal(size=(400, 2))
    useful[:, 0] += 2 * truth
    trap[200:, 0] += 50 * truth[200:]
    found = probe("corner", "strokes", {"in the trap": trap, "in the corner": useful}, given, LIMIT)
    assert found.what == "strokes, in the corner"


def test_few_groups_prove_little():
    """Two test patients a class: right about all of both is no proof against chance of a quarter."""
    groups = np.array([f"patient-{i // 50}-{i % 2}" for i in range(200)])
    given = subject(groups=groups)
    found = probe("color", "a number", {"": codes(given)[:, None].astype(float)}, given, LIMIT)
    assert found.low < 0.5
    assert found.level is Level.OK


def test_folds_are_pooled():
    """Every row is asked about once."""
    rows = np.arange(200)
    base = subject()
    folds = [Division(np.delete(rows, rows[i::4]), rows[i::4]) for i in range(4)]
    given = Subject(base.labels, base.groups, folds, None, 1)
    found = probe("color", "a number", {"": codes(base)[:, None].astype(float)}, given, LIMIT)
    assert found.accuracy == 1.0
    assert given.chance == 0.5


def test_large_training_parts_are_thinned_evenly():
    """All classes stay, in proportion."""
    labels = np.array([0] * 9000 + [1] * 1000)
    kept = _thinned(np.arange(10000), labels, LARGEST_TRAINING)
    assert len(kept) == LARGEST_TRAINING
    assert np.mean(labels[kept]) == pytest.approx(0.1, abs=0.001)


def test_a_model_at_chance_has_no_gain_to_share():
    """No division by nothing."""
    given = subject(model=ModelScore("svm", "test", 0.5, 0.4, 0.6, 0.5))
    found = probe("color", "x", {"": codes(given)[:, None].astype(float)}, given, LIMIT)
    assert found.share_of_gain is None
