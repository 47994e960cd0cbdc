"""Train the network on rendered smears; writes its weights as one ``.npz`` of float16 arrays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.testing.synthetic import smear_pairs
from unet.planes import PLANES, RED_CELL_PX, density, planes

WIDTHS = (16, 24, 40, 64)
"""Channels by level, each level at half the resolution of the one before."""
_SIDE, _BATCH = 96, 16
_VALIDATION = 240
_NORM_EPSILON = 1e-3

Pairs = tuple[NDArray[np.float16], NDArray[np.uint8], NDArray[np.float16]]


def pairs(count: int, seed: int) -> Pairs:
    """Render pictures: planes, truth (0 background, 1 cytoplasm, 2 nucleus), weight of each pixel.

    Colors are mixed and scaled at random in optical density and half of the pictures blurred, so that
    neither a stain nor a camera is learned by heart. A third are crops around one white cell, and in a third
    the red cells are not told, as in pictures without any. Outlines weigh twice, what a crop leaves out
    nothing.
    """
    rng = np.random.default_rng(seed)
    inputs = np.empty((count, _SIDE, _SIDE, PLANES), np.float16)
    truth = np.empty((count, _SIDE, _SIDE), np.uint8)
    weights = np.ones((count, _SIDE, _SIDE), np.float16)
    scales = (0.7 * RED_CELL_PX, 1.3 * RED_CELL_PX)
    for i, pair in enumerate(smear_pairs(count, size=_SIDE, red_cell_px=scales, seed=seed)):
        mixed = density(pair.image) @ (np.eye(3) + rng.normal(0, 0.12, (3, 3))) * rng.uniform(0.6, 1.6)
        levels = 235.0 * 10 ** -np.clip(mixed, -0.05, 2.0)
        levels += rng.normal(0, rng.uniform(0, 4), levels.shape)
        image = np.clip(levels, 0, 255).astype(np.uint8)
        if rng.random() < 0.5:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.3))
        red = (pair.truth.roles["red_cell"] > 0) & (rng.random() < 2 / 3)
        truth[i] = (pair.truth.cell > 0).astype(np.uint8) + (pair.truth.nucleus > 0)
        weights[i][cv2.morphologyEx(truth[i], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0] = 2
        place = _around_a_cell(pair.truth.cell, rng) if rng.random() < 1 / 3 else np.s_[:, :]
        outside = np.ones(truth[i].shape, bool)
        outside[place] = False
        weights[i][outside] = 0
        inputs[i] = 0
        inputs[i][place] = planes(image[place], red[place])
    return inputs, truth, weights


def _around_a_cell(cells: NDArray[np.int32], rng: np.random.Generator) -> tuple[slice, slice]:
    """Choose a window around one white cell with a margin of 4 to 16 px; all where there is no cell."""
    count = int(cells.max())
    if count == 0:
        return np.s_[:, :]
    rows, columns = np.nonzero(cells == rng.integers(1, count + 1))
    if rows.size == 0:
        return np.s_[:, :]
    margin = int(rng.integers(4, 17))
    return (
        slice(max(0, int(rows.min()) - margin), int(rows.max()) + margin + 1),
        slice(max(0, int(columns.min()) - margin), int(columns.max()) + margin + 1),
    )


def network() -> Any:
    """Build the network in Keras: four levels, two 3 x 3 convolutions each, bilinear on the way up."""
    import keras
    from keras import layers

    def twice(x: Any, width: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same")(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.95, epsilon=_NORM_EPSILON)(x))
        return x

    inputs = layers.Input((None, None, PLANES))
    levels = [twice(inputs, WIDTHS[0])]
    for width in WIDTHS[1:]:
        levels.append(twice(layers.MaxPool2D()(levels[-1]), width))
    x = levels.pop()
    for level in reversed(levels):
        up = layers.UpSampling2D(interpolation="bilinear")(x)
        x = twice(layers.Concatenate()([up, level]), level.shape[-1])
    return keras.Model(inputs, layers.Conv2D(3, 1)(x))


def train(count: int, epochs: int, path: Path, seed: int = 7) -> None:
    """Render, train, and write the weights after each epoch.

    Parameters
    ----------
    count : int
        Rendered pictures.
    epochs : int
    path : Path
        Weights, ``.npz``.
    seed : int
    """
    import keras

    keras.utils.set_random_seed(seed)
    start = time.monotonic()
    train_pairs, (inputs, truth, _) = pairs(count, seed), pairs(_VALIDATION, seed + 1)
    print(f"{count} pictures rendered in {time.monotonic() - start:.0f} s", flush=True)
    model = network()
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, epochs * (count // _BATCH))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedule), loss)
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        for places in rng.permutation(count)[: count // _BATCH * _BATCH].reshape(-1, _BATCH):
            turns, flip = int(rng.integers(4)), 1 if rng.random() < 0.5 else -1
            batch = (np.rot90(each[places], turns, (1, 2))[:, :, ::flip] for each in train_pairs)
            x, y, weight = (np.ascontiguousarray(each) for each in batch)
            model.train_on_batch(x.astype(np.float32), y, weight.astype(np.float32))
        found = model.predict(inputs.astype(np.float32), batch_size=_BATCH, verbose=0).argmax(-1)
        scores = (f"{name} {_dice(found >= k, truth >= k):.4f}" for name, k in (("cell", 1), ("nucleus", 2)))
        print(f"epoch {epoch + 1}, {time.monotonic() - start:.0f} s:", ", ".join(scores), flush=True)
        save(model, path)


def save(model: Any, path: Path) -> None:
    """Write one kernel and bias a convolution, normalization folded in, in order of use."""
    arrays: dict[str, NDArray[np.float16]] = {}
    kernels: list[NDArray[np.float32]] = []
    biases: list[NDArray[np.float32]] = []
    for layer in model.layers:
        values = [np.asarray(each) for each in layer.get_weights()]
        if len(values) == 2:
            kernels.append(values[0])
            biases.append(values[1])
        elif len(values) == 4:
            gamma, beta, mean, variance = values
            factor = gamma / np.sqrt(variance + _NORM_EPSILON)
            kernels[-1] = kernels[-1] * factor
            biases[-1] = (biases[-1] - mean) * factor + beta
    for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        arrays |= {f"kernel{i}": kernel.astype(np.float16), f"bias{i}": bias.astype(np.float16)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def _dice(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(
        2 * np.count_nonzero(found & truth) / max(1, np.count_nonzero(found) + np.count_nonzero(truth))
    )
