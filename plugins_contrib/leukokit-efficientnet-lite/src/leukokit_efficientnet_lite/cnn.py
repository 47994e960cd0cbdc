"""EfficientNet-Lite as a classifier of images."""

from __future__ import annotations

from leukokit.api import Field
from leukokit.api.deep import Backbone, NetworkClassifier, NetworkParams
from leukokit_efficientnet_lite.backbone import LiteBackbone, VariantName, WeightsName


class LiteCnnParams(NetworkParams):
    """Parameters of the network and of its training."""

    variant: VariantName = Field(
        "lite0", description="Size of the network; made for a side of 224, 240 or 260 px."
    )
    weights: WeightsName = Field(
        "imagenet", description="Weights that training starts from: those of ImageNet, or random ones."
    )


class LiteCnn(NetworkClassifier):
    """EfficientNet-Lite with a head of its own, trained on images.

    Blocks are named as in ``keras.applications``, so that ``fine_tune_from`` takes ``block5a`` and the like.

    Source: Tan and Le 2019, https://arxiv.org/abs/1905.11946; Lite variants by the TensorFlow authors.
    """

    Params = LiteCnnParams
    params: LiteCnnParams

    def backbone(self) -> Backbone:
        """Choose the variant."""
        return LiteBackbone(self.params.variant, self.params.weights)
