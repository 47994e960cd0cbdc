"""The network of attention pooling, after Ilse, Tomczak and Welling 2018, arXiv:1802.04712, equation 9."""

from __future__ import annotations

from typing import Any

from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.runtime import load_keras, seeded


def build_attention(features: int, classes: int, params: AttentionParams, *, seed: int) -> Any:
    """Build the network.

    Each row passes one layer; a gate (tanh times sigmoid) gives it a score; the softmax of the scores over
    the bag is its attention; the rows' mean, weighted with it, is classified.

    Parameters
    ----------
    features : int
        Length of a row.
    classes : int
    seed : int
        Of initial weights and dropout, 0 to 2**32 - 1.

    Returns
    -------
    keras.Model
        Maps float32 B x N x features and a bool mask B x N to probabilities B x classes. The layer
        ``attention`` gives the attention B x N, which sums to 1 over a bag.
    """
    keras = load_keras()
    layers, initializers = keras.layers, keras.initializers

    def dense(units: int, name: str, activation: str | None, number: int) -> Any:
        start = initializers.GlorotUniform(seed=seed + number)
        return layers.Dense(units, activation=activation, name=name, kernel_initializer=start)

    with seeded(seed):
        rows = keras.Input((None, features), name="rows")
        mask = keras.Input((None,), dtype="bool", name="mask")
        hidden = dense(params.hidden, "hidden", "relu", 0)(rows)
        hidden = layers.Dropout(params.dropout, seed=seed, name="dropout")(hidden)
        content = dense(params.units, "content", "tanh", 1)(hidden)
        gate = dense(params.units, "gate", "sigmoid", 2)(hidden)
        score = dense(1, "score", None, 3)(layers.Multiply(name="gated")([content, gate]))
        score = layers.Reshape((-1,), name="scores")(score)
        attention = layers.Softmax(axis=1, name="attention")(score, mask=mask)
        pooled = layers.Dot(axes=1, name="pooled")([attention, hidden])
        answer = dense(classes, "answer", "softmax", 4)(pooled)
        return keras.Model([rows, mask], answer, name="attention_pooling")
