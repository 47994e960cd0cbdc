"""Training of attention pooling on bags."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.deep.attention.bags import LabeledBags, PaddedBags, Scaling
from leukokit.deep.attention.network import build_attention
from leukokit.deep.attention.params import AttentionParams
from leukokit.deep.attention.pooling import AttentionPooling
from leukokit.deep.runtime import load_keras, seeded
from leukokit.errors import DataError, LeukokitError


def fit_attention(
    train: LabeledBags,
    validation: LabeledBags | None,
    classes: Sequence[str],
    params: AttentionParams,
    *,
    seed: int,
    epochs: int | None = None,
) -> AttentionPooling:
    """Train on the groups of the training part; equal input gives equal weights.

    Parameters
    ----------
    validation : LabeledBags or None
        Groups whose loss ends the training; no weight is trained on them.
    classes : sequence of str (k,)
        All that the model knows.
    seed : int
        0 to 2**32 - 6.
    epochs : int, optional
        Train so many, whatever ``params`` says of them.

    Raises
    ------
    DataError
        Where a class has no group in the training part, or images have no features.
    LeukokitError
        Where Keras is not installed, or the loss is not finite.
    """
    counts = Counter(train.labels.tolist())
    without = [name for name in classes if not counts[name]]
    if without:
        raise DataError(
            f"attention learns from groups, and the training part has none of class {without[0]}",
            where="training part",
            hint="Give each class two groups or more in the training part, or use mean, vote or top_k",
        )
    if not train.rows[0].shape[1]:
        raise DataError(
            "attention learns from what the classifier sees of an image, and this one tells nothing of it",
            where="answer.how",
            hint="Use mean, vote, top_k or noisy_or; a plugin's classifier tells it with 'represented'",
        )
    keras = load_keras()
    scaling = Scaling.of(train.rows)
    learn = PaddedBags.of(train, scaling, classes, params.largest_bag)
    watch = None
    if validation is not None and len(validation):
        watch = PaddedBags.of(validation, scaling, classes, params.largest_bag)
    network = build_attention(learn.rows.shape[2], len(classes), params, seed=seed)
    with seeded(seed):
        network.compile(
            keras.optimizers.AdamW(params.learning_rate, weight_decay=params.weight_decay),
            keras.losses.CategoricalCrossentropy(),
            jit_compile=False,
        )
        best = _trained(network, learn, watch, params, seed=seed, epochs=epochs or params.epochs)
    weights = tuple(np.asarray(array, dtype=np.float32) for array in network.get_weights())
    if not best or not all(np.isfinite(array).all() for array in weights):
        raise LeukokitError(
            "the loss of attention pooling became infinite", hint="Lower answer.params.learning_rate"
        )
    return AttentionPooling(tuple(classes), params, best, len(train), scaling, weights)


def _trained(
    network: Any,
    learn: PaddedBags,
    watch: PaddedBags | None,
    params: AttentionParams,
    *,
    seed: int,
    epochs: int,
) -> int:
    """Train in place; returns the number of epochs after which the weights were taken.

    Bags are few and small: ``fit`` would take longer to begin and end an epoch than to compute it.
    """
    lowest, best, kept = math.inf, 0, network.get_weights()
    for epoch in range(epochs):
        order = np.random.default_rng(np.random.SeedSequence([seed, epoch])).permutation(len(learn.targets))
        for rows, weights in _steps(order, learn.weights, params.batch_size):
            network.train_on_batch([learn.rows[rows], learn.mask[rows]], learn.targets[rows], weights)
        if watch is None:
            best, kept = epoch + 1, network.get_weights()
            continue
        network.reset_metrics()
        loss = float(network.test_on_batch([watch.rows, watch.mask], watch.targets, watch.weights))
        if loss < lowest:
            lowest, best, kept = loss, epoch + 1, network.get_weights()
        if not math.isfinite(loss) or epoch + 1 - best >= params.patience:
            break
    network.set_weights(kept)
    return best


def _steps(
    order: NDArray[np.intp], weights: NDArray[np.float32], most: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Cut an epoch into steps of one size, for which the backend prepares its work once.

    Where the last one has room, it is filled up with bags of weight 0.
    """
    count = -(-len(order) // most)
    size = -(-len(order) // count)
    rows = np.resize(order, count * size)
    counted = np.where(np.arange(len(rows)) < len(order), weights[rows], 0).astype(np.float32)
    for start in range(0, len(rows), size):
        yield rows[start : start + size], counted[start : start + size]
