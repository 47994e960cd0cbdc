"""Attention pooling: what it finds in simulated bags, and that nothing but the images of a bag matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.arrays import FloatArray
from leukokit.deep.attention.bags import LabeledBags, PaddedBags, Scaling
from leukokit.deep.attention.fit import fit_attention
from leukokit.deep.attention.network import build_attention
from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.errors import DataError

CLASSES = ("benign", "blast")
QUICK = AttentionParams(epochs=60, patience=20, learning_rate=0.01)


def bags(seed: int, each: int) -> tuple[LabeledBags, list[int]]:
    """Bags of 10 rows of noise; in those of ``blast`` one row, the key, differs."""
    rng = np.random.default_rng(seed)
    rows, labels, keys = [], [], []
    for label in CLASSES:
        for _ in range(each):
            bag, key = rng.normal(size=(10, 6)), int(rng.integers(10))
            if label == "blast":
                bag[key, :2] += 4
            rows.append(bag)
            labels.append(label)
            keys.append(key)
    return LabeledBags(rows, np.array(labels, dtype=np.str_)), keys


@pytest.fixture(scope="module")
def drawn() -> AttentionPooling:
    """Random weights: what holds for all weights needs no training."""
    rng = np.random.default_rng(0)
    params = AttentionParams(hidden=8, units=4)
    shapes = [(6, 8), (8,), (8, 4), (4,), (8, 4), (4,), (4, 1), (1,), (8, 2), (2,)]
    weights = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
    scaling = Scaling(rng.normal(size=6), rng.uniform(0.5, 2, 6))
    return AttentionPooling(CLASSES, params, 1, 2, scaling, weights)


def test_one_key_image_in_a_bag_of_noise_gets_the_most_attention() -> None:
    (train, _), (validation, _), (test, keys) = bags(1, 30), bags(2, 10), bags(3, 50)
    pooling = fit_attention(train, validation, CLASSES, QUICK, seed=5)
    found = [pooling.answer(rows) for rows in test.rows]
    called = np.array([proba.argmax() for proba, _ in found])
    assert (called == (test.labels == "blast")).mean() >= 0.9
    first = [attention.argmax() == key for (_, attention), key in zip(found, keys, strict=True)]
    assert np.mean(first[50:]) >= 0.9
    assert pooling.groups == 60
    assert 0 < pooling.epochs <= 60


def test_the_order_of_images_changes_no_bit(drawn: AttentionPooling) -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 300):
        rows = rng.normal(size=(size, 6))
        order = rng.permutation(size)
        (proba, attention), (again, moved) = drawn.answer(rows), drawn.answer(rows[order])
        np.testing.assert_array_equal(proba, again)
        np.testing.assert_array_equal(attention[order], moved)
        assert attention.sum() == pytest.approx(1)


def test_answers_are_those_of_the_network_that_keras_trains(drawn: AttentionPooling) -> None:
    network = build_attention(6, 2, drawn.params, seed=0)
    network.set_weights(list(drawn.weights))
    rows: FloatArray = np.random.default_rng(1).normal(size=(5, 6))
    filled = np.zeros((1, 9, 6), dtype=np.float32)
    filled[0, :5] = drawn.scaling.apply(rows)
    proba = np.asarray(network([filled, np.arange(9)[None] < 5]))
    np.testing.assert_allclose(proba[0], drawn.answer(rows)[0], atol=1e-6)


def test_it_comes_back_from_its_arrays(drawn: AttentionPooling) -> None:
    facts: dict[str, Any] = {"classes": CLASSES, "params": drawn.params, "epochs": 1, "groups": 2}
    rows = np.random.default_rng(1).normal(size=(5, 6))
    back = AttentionPooling.from_arrays(drawn.arrays(), **facts)
    np.testing.assert_array_equal(back.answer(rows)[0], drawn.answer(rows)[0])
    damaged = drawn.arrays() | {"weight_03": np.zeros(5, dtype=np.float32)}
    with pytest.raises(ValueError, match="other shapes"):
        AttentionPooling.from_arrays(damaged, **facts)
    damaged = drawn.arrays() | {"mean": np.full(6, np.nan)}
    with pytest.raises(ValueError, match="finite"):
        AttentionPooling.from_arrays(damaged, **facts)


def test_large_groups_are_cut_and_count_once() -> None:
    rows = [np.arange(10.0).reshape(-1, 1), np.arange(2.0).reshape(-1, 1)]
    given = LabeledBags(rows, np.array(["blast", "benign"]))
    padded = PaddedBags.of(given, Scaling(np.zeros(1), np.ones(1)), CLASSES, 4)
    assert padded.mask.sum(axis=1).tolist() == [4, 3, 3, 2]
    assert padded.weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert sorted(padded.rows[padded.mask].ravel()[:10].tolist()) == list(range(10))
    assert padded.targets.argmax(axis=1).tolist() == [1, 1, 1, 0]


def test_a_class_without_training_group_is_an_error() -> None:
    (train, _) = bags(1, 2)
    with pytest.raises(DataError, match="the training part has none of class other"):
        fit_attention(train, None, (*CLASSES, "other"), QUICK, seed=5)


def test_parameters_are_checked() -> None:
    with pytest.raises(ValidationError, match="dropout"):
        AttentionParams(dropout=1)
