"""A backbone with a head: pooling, dropout, one dense layer, softmax."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.deep.backbone import Backbone
from leukokit.deep.model import LOGITS
from leukokit.deep.runtime import load_keras, precision, seeded
from leukokit.errors import LeukokitError, UsageError
from leukokit.near_names import near_names

POOL = "pool"
"""Name of the pooling layer; all before it is the backbone."""


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
        Of the backbone's feature map over space; the paper takes the maximum.
    dropout : float
        Share of pooled features left out in training.
    seed : int
        Of initial weights and dropout.
    policy : str
        Keras dtype policy; scores and probabilities are float32 under any.
    pretrained : bool
        False where saved weights are about to be loaded.

    Returns
    -------
    keras.Model
        From float32 N x side x side x 3 in 0..255 to probabilities N x classes, flat: the backbone's layers
        are layers of this model.
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
        # Softmax and its sum stay in float32, whatever the layers before compute in.
        proba = layers.Activation("softmax", name="probabilities", dtype="float32")(x)
        return keras.Model(body.input, proba, name=f"{backbone.name}_classifier")


def first_layer(network: Any, name: str) -> Any:
    """Find a layer by its name, or the first layer of a block by the block's.

    Parameters
    ----------
    network : keras.Model
    name : str
        Such as ``block6a``, for ``block6a_expand_conv`` and all that follow, or a layer's full name.

    Raises
    ------
    UsageError
        Where no layer is named so, with the nearest names.
    """
    for layer in network.layers:
        if layer.name == name or layer.name.startswith(f"{name}_"):
            return layer
    names = {layer.name for layer in network.layers}
    blocks = {text.split("_")[0] for text in names if text.startswith("block")}
    near = near_names(name, sorted(names | blocks), most=4, likeness=0.4)
    raise UsageError(
        f"the network has no layer or block named {name!r}",
        hint=f"Near it: {', '.join(near)}" if near else f"Blocks: {', '.join(sorted(blocks))}",
    )


def freeze_before(network: Any, layer: Any) -> None:
    """Let only ``layer`` and what follows learn; batch normalization stays as it was learnt everywhere.

    Statistics of small batches of smears would overwrite those of a million photographs; the fine-tuned
    layers cannot follow that fast.
    """
    keras = load_keras()
    reached = False
    for each in network.layers:
        reached = reached or each is layer
        each.trainable = reached and not isinstance(each, keras.layers.BatchNormalization)


def input_of(layer: Any) -> Any:
    """Tensor that a layer takes.

    Raises
    ------
    LeukokitError
        Where the layer takes several.
    """
    tensor = layer.input
    if isinstance(tensor, list):
        raise LeukokitError(f"layer {layer.name} takes {len(tensor)} inputs; name one that takes a single")
    return tensor
