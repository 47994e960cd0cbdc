"""EfficientNet-Lite as a functional Keras model, on any backend of Keras 3.

EfficientNet (Tan and Le 2019, https://arxiv.org/abs/1905.11946) without squeeze-and-excitation, with ReLU6
for swish, with a stem of 32 and a head of 1280 channels in every variant, and with the depth of the first and
the last stage not scaled. Source:
https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.99
LARGEST_DROP = 0.2
"""Rate of stochastic depth that the rates of the blocks approach; it is 0 in the first block."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Scaling of the base network in a variant.

    Attributes
    ----------
    width, depth : float
        Factors of the channels and of the blocks per stage.
    side : int
        Height and width of the images it was trained on, in px.
    """

    width: float
    depth: float
    side: int


VARIANTS = MappingProxyType(
    {
        "lite0": Variant(1.0, 1.0, 224),
        "lite1": Variant(1.0, 1.1, 240),
        "lite2": Variant(1.1, 1.2, 260),
    }
)


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted bottleneck.

    Attributes
    ----------
    name : str
        Such as ``block5a``; its layers are named ``block5a_...``.
    kernel : int
        Side of the depthwise kernel, in px.
    stride : int
        Stride of the depthwise convolution, in px.
    expand : int
        Expansion factor of the channels; 1 for no expanding convolution.
    channels_in, channels_out : int
        Channels of the input and the output.
    """

    name: str
    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels_out: int

    @property
    def channels_inside(self) -> int:
        """Channels of the depthwise convolution."""
        return self.channels_in * self.expand

    @property
    def has_shortcut(self) -> bool:
        """Whether the input is added to the output, which needs equal shapes."""
        return self.stride == 1 and self.channels_in == self.channels_out


# Blocks, depthwise kernel, stride, expansion and channels of each stage of the base network (table 1).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def blocks(variant: str) -> Iterator[Block]:
    """Yield the blocks of a variant from input to output.

    Parameters
    ----------
    variant : str
        A key of ``VARIANTS``.
    """
    scale = VARIANTS[variant]
    channels = STEM_CHANNELS
    for stage, (repeats, kernel, stride, expand, base) in enumerate(_STAGES, start=1):
        fixed = stage in (1, len(_STAGES))
        out = _scaled_channels(base, scale.width)
        for i in range(repeats if fixed else math.ceil(repeats * scale.depth)):
            name = f"block{stage}{ascii_lowercase[i]}"
            yield Block(name, kernel, 1 if i else stride, expand, channels, out)
            channels = out


def _scaled_channels(base: int, width: float) -> int:
    """Multiply, round to a multiple of 8, and add 8 where rounding removed more than a tenth."""
    wanted = base * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def backbone_network(variant: str, side: int) -> Any:
    """Build the network without its head, with random weights.

    Parameters
    ----------
    variant : str
        A key of ``VARIANTS``.
    side : int
        Height and width of the images, in px.

    Returns
    -------
    keras.Model
        From float32 N x side x side x 3 in 0..255 to N x s x s x 1280 in 0..6, where s = ceil(side / 32).
        Layers are named ``stem_...``, ``block<stage><letter>_...`` and ``top_...``.
    """
    import keras

    images = keras.Input((side, side, 3), name="images")
    # (x - 127) / 128, exact in float32 for whole numbers.
    x = keras.layers.Rescaling(1 / 128, -127 / 128, name="rescaling")(images)
    x = _convolution(x, STEM_CHANNELS, 3, 2, "stem_conv")
    x = _normalized(x, "stem_bn", "stem_activation")
    every = tuple(blocks(variant))
    for i, block in enumerate(every):
        x = _bottleneck(x, block, drop=LARGEST_DROP * i / len(every))
    x = _convolution(x, HEAD_CHANNELS, 1, 1, "top_conv")
    x = _normalized(x, "top_bn", "top_activation")
    return keras.Model(images, x, name=f"efficientnet_{variant}")


def _bottleneck(x: Any, block: Block, *, drop: float) -> Any:
    import keras

    shortcut = x
    if block.expand != 1:
        x = _convolution(x, block.channels_inside, 1, 1, f"{block.name}_expand_conv")
        x = _normalized(x, f"{block.name}_expand_bn", f"{block.name}_expand_activation")
    x = keras.layers.DepthwiseConv2D(
        block.kernel,
        block.stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_kernel_initializer(),
        name=f"{block.name}_dwconv",
    )(x)
    x = _normalized(x, f"{block.name}_bn", f"{block.name}_activation")
    x = _convolution(x, block.channels_out, 1, 1, f"{block.name}_project_conv")
    x = _normalized(x, f"{block.name}_project_bn")
    if block.has_shortcut:
        # One random number per image: stochastic depth (https://arxiv.org/abs/1603.09382), only in training.
        x = keras.layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{block.name}_drop")(x)
        x = keras.layers.Add(name=f"{block.name}_add")([x, shortcut])
    return x


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
    import keras

    return keras.layers.Conv2D(
        channels,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_kernel_initializer(),
        name=name,
    )(x)


def _normalized(x: Any, name: str, activation: str | None = None) -> Any:
    import keras

    x = keras.layers.BatchNormalization(momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON, name=name)(x)
    return x if activation is None else keras.layers.ReLU(max_value=6.0, name=activation)(x)


def _kernel_initializer() -> Any:
    import keras

    return keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")
