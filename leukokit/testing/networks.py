"""A tiny network that learns to count cells, for tests of components that use networks."""

from __future__ import annotations

from typing import Any

from leukokit.api.deep import Backbone, NetworkClassifier


class TinyBackbone(Backbone):
    """Two blocks of one convolution each, ``block1`` and ``block2``; no pretrained weights."""

    name = "tiny"
    side = 32
    channels = 16

    def build(self, side: int, *, pretrained: bool = True) -> Any:  # noqa: ARG002 - there are none
        """Build the network for images of ``side`` px; the feature map is a quarter as high and wide."""
        import keras

        layers = keras.layers
        image = keras.Input((side, side, 3), name="image")
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
        for number, width in enumerate((8, self.channels), start=1):
            x = layers.Conv2D(width, 3, strides=2, padding="same", name=f"block{number}_conv")(x)
            x = layers.BatchNormalization(name=f"block{number}_bn", momentum=0.5)(x)
            x = layers.Activation("relu", name=f"block{number}_relu")(x)
        return keras.Model(image, x, name=self.name)


class TinyCnn(NetworkClassifier):
    """A minimal network for tests of explainers, with all parameters of networks."""

    def backbone(self) -> Backbone:
        """Return the tiny backbone."""
        return TinyBackbone()
