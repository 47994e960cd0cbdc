"""EfficientNet-Lite as a backbone of leukokit."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.api.deep import Backbone
from leukokit_efficientnet_lite import architecture, weights

VariantName = Literal["lite0", "lite1", "lite2"]
WeightsName = Literal["imagenet", "none"]


class LiteBackbone(Backbone):
    """One variant of EfficientNet-Lite (https://arxiv.org/abs/1905.11946, without squeeze-and-excitation).

    Parameters
    ----------
    variant : str
        ``lite0``, ``lite1`` or ``lite2``: made for images of 224, 240 and 260 px.
    weights : str
        ``imagenet``, or ``none`` for random weights.

    Attributes
    ----------
    name : str
        The variant.
    side : int
        Height and width of the images it was trained on, in px.
    channels : int
        1280, those of the head in every variant.
    """

    channels = architecture.HEAD_CHANNELS

    def __init__(self, variant: VariantName = "lite0", weights: WeightsName = "imagenet") -> None:
        self.name = variant
        self.side = architecture.VARIANTS[variant].side
        self._weights = weights

    def channels_at(self, layer: str) -> int | None:
        """Channels of a block's output (``block4a_project_bn``, ``block4c_add``); None for other layers."""
        name, _, output = layer.partition("_")
        block = {block.name: block for block in architecture.blocks(self.name)}.get(name)
        known = block is not None and (output == "project_bn" or (output == "add" and block.has_shortcut))
        return block.channels_out if block is not None and known else None

    def middle_layers(self) -> tuple[str, ...]:
        """First and last output of stage 4 and the last of stage 5, all at 1/16 of the image's side."""
        fourth, fifth = (
            [block.name for block in architecture.blocks(self.name) if block.name.startswith(stage)]
            for stage in ("block4", "block5")
        )
        return f"{fourth[0]}_project_bn", f"{fourth[-1]}_add", f"{fifth[-1]}_add"

    def build(self, side: int, *, pretrained: bool = True) -> Any:
        """Build the network without its head.

        Parameters
        ----------
        side : int
            Height and width of the images, in px.
        pretrained : bool
            False where saved weights are about to be loaded: no file is read then.

        Returns
        -------
        keras.Model
            From float32 N x side x side x 3, red, green, blue in 0..255, to N x s x s x 1280 in 0..6, where
            s = ceil(side / 32). Rescaling to (x - 127) / 128 is its first layer.

        Raises
        ------
        LeukokitError
            Where the package with the weights is not installed (it says which), or its file was changed.
        """
        network = architecture.backbone_network(self.name, side)
        if pretrained and self._weights == "imagenet":
            weights.load_imagenet(network, self.name)
        return network

    def missing(self) -> str | None:
        """Raise LeukokitError where the package with the weights is not installed, saying which."""
        if self._weights == "imagenet":
            weights.weights_file(self.name)
        return None

    def fingerprint(self) -> str:
        """SHA-256 of the file of weights; empty for random ones."""
        return weights.SOURCES[self.name].sha256 if self._weights == "imagenet" else ""
