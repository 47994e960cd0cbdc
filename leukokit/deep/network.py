"""A backbone with a head: pooling, dropout, one dense layer, softmax."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.deep.backbone import Backbone
from leukokit.deep.model import LOGITS
from leukokit.deep.runtime import load_keras, precision, seeded
from leukokit.errors import LeukokitError, UsageError
from leukokit.near_names import near_names

POOL = "pool"
"""Name of the pooling layer; the layers before it are the backbone."""


def build_network(
    backbone: Backbone,
    *,
    side: int,
    classes: int,
    pooling: Literal["max", "avg"],
    dropout: float,
    seed: int,
    policy: str = "float32",
    deterministic: bool = True,
    pretrained: bool = True,
) -> Any:
    """Build the network of a classifier.

    Parameters
    ----------
    side : int
        Height and width of the images, in px.
    classes : int
        Number of classes.
    pooling : 'max' or 'avg'
        Pooling of the backbone's feature map over space; the paper uses the maximum.
    dropout : float
        Share of pooled features dropped in training.
    seed : int
        Seed of initial weights and dropout.
    policy : str
        Keras dtype policy; scores and probabilities are always float32.
    pretrained : bool
        False where saved weights will be loaded.

    Returns
    -------
    keras.Model
        Maps float32 N x side x side x 3 in 0..255 to probabilities N x classes. The backbone's layers are
        layers of this model, not of a nested one.
    """
    keras = load_keras()
    layers = keras.layers
    pool = layers.GlobalMaxPooling2D if pooling == "max" else layers.GlobalAveragePooling2D
    with seeded(seed, deterministic=deterministic), precision(policy):
        body = backbone.build(side, pretrained=pretrained)
        x = pool(name=POOL)(body.output)
        x = layers.Dropout(dropout, seed=seed, name="dropout")(x)
        start = keras.initializers.GlorotUniform(seed=seed)
        x = layers.Dense(classes, name=LOGITS, dtype="float32", kernel_initializer=start)(x)
        # Softmax in float32, whatever the precision of the layers before it.
        proba = layers.Activation("softmax", name="probabilities", dtype="float32")(x)
        return keras.Model(body.input, proba, name=f"{backbone.name}_classifier")


def first_layer(network: Any, name: str) -> Any:
    """Find a layer by its name, or the first layer of a block by the name of the block.

    Parameters
    ----------
    network : keras.Model
    name : str
        Such as ``block6a``, for ``block6a_expand_conv`` and all that follow, or a layer's full name.

    Raises
    ------
    UsageError
        Where no layer has the name, with similar names.
    """
    for layer in network.layers:
        if layer.name == name or layer.name.startswith(f"{name}_"):
            return layer
    names = {layer.name for layer in network.layers}
    blocks = {text.split("_")[0] for text in names if text.startswith("block")}
    suggestions = near_names(name, sorted(names | blocks), most=4, likeness=0.4)
    raise UsageError(
        f"the network has no layer or block named {name!r}",
        hint=f"Similar: {', '.join(suggestions)}" if suggestions else f"Blocks: {', '.join(sorted(blocks))}",
    )


def freeze_before(network: Any, layer: Any) -> None:
    """Make only ``layer`` and the following layers trainable, except for batch normalization.

    Statistics of small batches of smears would quickly replace those of a million photographs, to which the
    other layers are adapted.
    """
    keras = load_keras()
    reached = False
    for candidate in network.layers:
        reached = reached or candidate is layer
        candidate.trainable = reached and not isinstance(candidate, keras.layers.BatchNormalization)


def input_of(layer: Any) -> Any:
    """Input tensor of a layer.

    Raises
    ------
    LeukokitError
        Where the layer has several inputs.
    """
    tensor = layer.input
    if isinstance(tensor, list):
        raise LeukokitError(f"layer {layer.name} takes {len(tensor)} inputs; name one that takes a single")
    return tensor
