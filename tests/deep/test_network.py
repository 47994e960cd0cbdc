"""Networks: the paper's is built exactly, and layers that learn are the ones asked for."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from leukokit.deep.network import POOL, build_network, first_layer, freeze_before
from leukokit.errors import UsageError
from leukokit.plugins.backbones.keras_applications import ApplicationBackbone
from leukokit.plugins.classify.keras_cnn import KerasCnn


def _network(name: str = "MobileNetV2", side: int = 64) -> Any:
    alpha = 0.35 if name == "MobileNetV2" else None
    return build_network(
        ApplicationBackbone(name, "none", alpha),
        side=side,
        classes=4,
        pooling="max",
        dropout=0.1,
        seed=3,
    )


def test_the_papers_network_is_built_exactly() -> None:
    """EfficientNetV2-L at 224 px, global max pooling, dropout 0.1, 4 classes: 117,751,972 parameters."""
    params = KerasCnn.create().params
    assert (params.backbone, params.pooling, params.dropout, params.side) == (
        "EfficientNetV2L",
        "max",
        0.1,
        224,
    )
    assert (params.optimizer, params.learning_rate) == ("adamax", 1e-4)
    assert (params.batch_size, params.epochs, params.train) == (25, 10, "all")
    network = _network("EfficientNetV2L", side=224)
    assert network.count_params() == 117_751_972
    assert sum(math.prod(weight.shape) for weight in network.trainable_weights) == 117_239_396
    assert network.input.shape == (None, 224, 224, 3)
    assert [layer.name for layer in network.layers[-4:]] == [POOL, "dropout", "logits", "probabilities"]


def test_freezing_leaves_a_block_and_the_head_to_learn() -> None:
    """From the block on all learn but batch normalization; nothing before does."""
    network = _network()
    freeze_before(network, first_layer(network, "block_13"))
    learning = {layer.name for layer in network.layers if layer.trainable and layer.weights}
    assert "block_13_expand" in learning
    assert "logits" in learning
    assert not [name for name in learning if "BN" in name or "bn" in name.lower()]
    assert not [name for name in learning if name.startswith(("block_12_", "Conv1", "block_2_"))]


def test_an_unknown_block_is_told_with_its_neighbors() -> None:
    """A misspelt block is an error that names near ones."""
    with pytest.raises(UsageError, match=r"no layer or block named 'blok_13'.*block_13"):
        first_layer(_network(), "blok_13")


def test_a_seed_gives_the_same_network_and_leaves_other_generators_alone() -> None:
    """Initial weights come from the seed; the generators of Python and numpy are as before."""
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first, second = _network(), _network()
    assert random.random() == expected
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
