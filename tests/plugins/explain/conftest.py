"""A network whose reasons are known: it looks for blue spots, and only for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from leukokit.api import Classifier, Examples, Explainer, Explanation, Mask, RGBImage
from leukokit.api.deep import NetworkModel

SIDE = 32
HEIGHT, WIDTH = 40, 48
BLUE, GRAY, GROUND = (60, 60, 200), (70, 70, 70), (225, 220, 224)


@dataclass(frozen=True)
class Spots:
    """Images with a blue spot (class ``blue``) or none (``none``), a gray spot in each."""

    examples: Examples
    spots: dict[str, Mask]
    grays: dict[str, Mask]

    def share(self, explanation: Explanation, name: str, *, grow: int = 0) -> float:
        """Share of an image's heat in its blue spot, drawn ``grow`` px wider."""
        import cv2

        kernel = np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)
        near = cv2.dilate(self.spots[name].astype(np.uint8), kernel) > 0
        heat = explanation.heat_maps[name]
        return float(heat[near].sum() / heat.sum())


def disk(row: float, column: float, radius: float) -> Mask:
    """Pixels of a disk in an image of the test."""
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    inside: Mask = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return inside


@pytest.fixture(scope="session")
def spots() -> Spots:
    """Give 12 images, every second one with a blue spot."""
    rng = np.random.default_rng(0)
    images: list[RGBImage] = []
    blue: dict[str, Mask] = {}
    gray: dict[str, Mask] = {}
    labels = []
    for number in range(12):
        name = f"image-{number:02d}"
        image = np.empty((HEIGHT, WIDTH, 3))
        image[:] = GROUND
        gray[name] = disk(rng.uniform(8, 32), rng.uniform(30, 40), 5)
        image[gray[name]] = GRAY
        blue[name] = disk(rng.uniform(8, 32), rng.uniform(8, 17), 5)
        if number % 2 == 0:
            image[blue[name]] = BLUE
        labels.append("blue" if number % 2 == 0 else "none")
        images.append(np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8))
    return Spots(Examples(ids=list(blue), labels=np.array(labels), images=images), blue, gray)


def build(*, nested: bool = False, weights: str = "set", policy: str = "float32") -> NetworkModel:
    """Build the network, flat or with its feature maps in a model of its own."""
    import keras

    from leukokit.deep.runtime import precision, seeded

    layers = keras.layers
    with seeded(5, deterministic=False), precision(policy):
        inputs = keras.Input((SIDE, SIDE, 3))
        outer = keras.Input((SIDE, SIDE, 3)) if nested else inputs
        x = layers.Rescaling(1 / 255)(inputs)
        x = layers.Conv2D(4, 3, padding="same", activation="relu", name="first_conv")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(4, 3, padding="same", activation="relu", name="last_conv")(x)
        if nested:
            x = keras.Model(inputs, x, name="inner")(outer)
        # Squeeze and excitation: its convolutions see one pixel and must not be taken for the last ones.
        squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
        gate = layers.Conv2D(4, 1, activation="sigmoid", name="gate", bias_initializer="ones")(squeezed)
        x = layers.Multiply()([x, gate])
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(2, name="logits")(x)
        network = keras.Model(outer, layers.Softmax(name="probabilities")(x))
    if weights == "set":
        rng = np.random.default_rng(3)
        first = rng.normal(0, 0.02, (3, 3, 3, 4))
        first[:, :, :, 0] = np.array([-0.5, -0.5, 1.0]) / 9  # blue above red and green
        first[:, :, :, 1] = np.array([0.2, 0.2, 0.2]) / 9  # brightness
        last = rng.normal(0, 0.02, (3, 3, 4, 4))
        last[:, :, 0, 0], last[:, :, 1, 1] = 1 / 9, 1 / 9
        body = network.get_layer("inner") if nested else network
        body.get_layer("first_conv").set_weights([first, np.zeros(4)])
        body.get_layer("last_conv").set_weights([last, np.zeros(4)])
        network.get_layer("gate").set_weights([np.zeros((1, 1, 4, 4)), np.ones(4)])
        network.get_layer("logits").set_weights(
            [np.array([[90.0, 0.0], [0.1, 0.2], [0.0, 0.1], [0.1, 0.0]]), np.array([-1.0, 1.0])]
        )
    else:
        # Biases too: without them scores grow with the gray level and have no curve.
        rng = np.random.default_rng(4)
        network.set_weights([rng.normal(0, 0.5, item.shape) for item in network.get_weights()])
    return NetworkModel(network, ("blue", "none"), SIDE, batch_size=5)


@pytest.fixture(scope="session")
def network() -> NetworkModel:
    """Give the network that looks for blue."""
    return build()


@pytest.fixture(scope="session")
def nested_network() -> NetworkModel:
    """Give the same network with a model inside."""
    return build(nested=True)


@pytest.fixture(scope="session")
def half_network() -> NetworkModel:
    """Give the same network with arithmetic in float16."""
    return build(policy="mixed_float16")


@pytest.fixture(scope="session")
def random_network() -> NetworkModel:
    """Give a network of the same form that has learnt nothing."""
    return build(weights="random")


@pytest.fixture(scope="session")
def explain(spots: Spots) -> Callable[..., Explanation]:
    """Give a function that explains the images."""

    def call(explainer: Explainer, model: Any, seed: int = 0, **changes: Any) -> Explanation:
        from dataclasses import replace

        return explainer.explain(Classifier(), model, replace(spots.examples, **changes), seed=seed)

    return call
